//! SQLite by hand: rusqlite, with threads that read, and one that writes, on which statements share commits.

use std::thread;

use chrono::{DateTime, SecondsFormat, Utc};
use crossbeam_channel::{Receiver, Sender, unbounded};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Params, Row};
use tokio::sync::oneshot;

use crate::post::{Cursor, Draft, Post, PostChanges, PostRow};
use crate::service::{Result, Service};

const LIST: &str = "SELECT id, title, slug, created_at FROM blog_post WHERE published = 1 \
                    ORDER BY created_at DESC, id DESC LIMIT ?1 OFFSET ?2";
const COUNT: &str = "SELECT count(*) FROM blog_post WHERE published = 1";
const FIRST: &str = "SELECT id, title, slug, created_at FROM blog_post WHERE published = 1 \
                     ORDER BY created_at DESC, id DESC LIMIT ?1";
const AFTER: &str = "SELECT id, title, slug, created_at FROM blog_post WHERE published = 1 \
                     AND (created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC LIMIT ?1";
const ITEM: &str = "SELECT id, title, slug, content, published, views, author_id, version, created_at \
                    FROM blog_post WHERE id = ?1 AND published = 1";
const TAKEN: &str = "SELECT id FROM blog_post WHERE slug = ?1";
const CREATE: &str = "INSERT INTO blog_post (title, slug, content, published, views, version, created_at) \
                      VALUES (?1, ?2, ?3, ?4, 0, 1, ?5) \
                      RETURNING id, title, slug, content, published, views, author_id, version, created_at";
const UPDATE: &str = "UPDATE blog_post SET title = ?1, version = version + 1 \
                      WHERE id = ?2 AND published = 1 AND version = ?3 \
                      RETURNING id, title, slug, content, published, views, author_id, version, created_at";

const READERS: usize = 2;
/// Statements that share a commit at most.
const BATCH: usize = 64;

type Read = Box<dyn FnOnce(&Connection) + Send>;
type Reply = Box<dyn FnOnce(Result<()>) + Send>;

/// A job of the thread that writes.
enum Write {
    /// Gives its reply after the commit that it shares; `Err` is undone.
    Shared(Box<dyn FnOnce(&Connection) -> Result<Reply, Reply> + Send>),
    /// Commits itself.
    Alone(Read),
}

#[derive(Debug)]
pub struct Sqlite {
    read: Sender<Read>,
    write: Sender<Write>,
}

impl Sqlite {
    /// # Errors
    /// If the file cannot be opened.
    pub fn open(url: &str) -> Result<Self> {
        let path = url.trim_start_matches("sqlite://");
        let ((read, reads), (write, writes)) = (unbounded::<Read>(), unbounded());
        let connection = connect(path)?;
        thread::spawn(move || writer(&connection, &writes));
        for _ in 0..READERS {
            let (connection, reads) = (connect(path)?, reads.clone());
            thread::spawn(move || reads.into_iter().for_each(|read| read(&connection)));
        }
        Ok(Self { read, write })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, result) = oneshot::channel();
        let read: Read = Box::new(move |connection| drop(reply.send(work(connection))));
        self.read.send(read).map_err(|_| "closed")?;
        result.await?
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, result) = oneshot::channel();
        let shared = Write::Shared(Box::new(move |connection| match work(connection) {
            Ok(value) => Ok(Box::new(move |commit: Result<()>| {
                drop(reply.send(commit.map(|()| value)));
            })),
            Err(error) => Err(Box::new(move |_| drop(reply.send(Err(error))))),
        }));
        self.write.send(shared).map_err(|_| "closed")?;
        result.await?
    }

    async fn write_alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, result) = oneshot::channel();
        let alone: Read = Box::new(move |connection| drop(reply.send(work(connection))));
        self.write.send(Write::Alone(alone)).map_err(|_| "closed")?;
        result.await?
    }
}

/// # Errors
/// If the file cannot be opened.
pub fn connect(path: &str) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    // Otherwise SQLite prepares a statement anew for each value of `LIMIT`.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn execute(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

fn writer(connection: &Connection, jobs: &Receiver<Write>) {
    let mut other = None;
    while let Some(job) = other.take().or_else(|| jobs.recv().ok()) {
        match job {
            Write::Alone(work) => work(connection),
            Write::Shared(first) => {
                let mut replies = Vec::new();
                let mut next = Some(first);
                let begun = execute(connection, "BEGIN IMMEDIATE");
                while let Some(job) = next.take() {
                    let _ = execute(connection, "SAVEPOINT job");
                    match job(connection) {
                        Ok(reply) => replies.push(reply),
                        Err(reply) => {
                            let _ = execute(connection, "ROLLBACK TO job");
                            reply(Ok(()));
                        }
                    }
                    let _ = execute(connection, "RELEASE job");
                    if replies.len() < BATCH {
                        match jobs.try_recv() {
                            Ok(Write::Shared(job)) => next = Some(job),
                            Ok(job) => other = Some(job),
                            Err(_) => {}
                        }
                    }
                }
                let committed = begun.and_then(|()| execute(connection, "COMMIT"));
                for reply in replies {
                    reply(
                        committed
                            .as_ref()
                            .map_err(|error| error.to_string().into())
                            .copied(),
                    );
                }
            }
        }
    }
}

fn time(time: &DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, false)
}

fn read_time(row: &Row<'_>, column: usize) -> Result<DateTime<Utc>> {
    Ok(DateTime::parse_from_rfc3339(row.get_ref(column)?.as_str()?)?.to_utc())
}

fn post_rows(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<PostRow>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut posts = Vec::new();
    while let Some(row) = rows.next()? {
        posts.push(PostRow {
            id: row.get(0)?,
            title: row.get(1)?,
            slug: row.get(2)?,
            created_at: read_time(row, 3)?,
        });
    }
    Ok(posts)
}

fn post(connection: &Connection, sql: &str, values: impl Params) -> Result<Option<Post>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let post = Post {
        id: row.get(0)?,
        title: row.get(1)?,
        slug: row.get(2)?,
        content: row.get(3)?,
        published: row.get(4)?,
        views: row.get(5)?,
        author_id: row.get(6)?,
        version: row.get(7)?,
        created_at: read_time(row, 8)?,
    };
    // A statement that is not run to its end would be undone.
    while rows.next()?.is_some() {}
    Ok(Some(post))
}

fn insert(connection: &Connection, draft: &Draft) -> Result<Post> {
    let Draft {
        title,
        slug,
        content,
        published,
        created_at,
    } = draft;
    let values = (title, slug, content, published, time(created_at));
    Ok(post(connection, CREATE, values)?.ok_or("no row was inserted")?)
}

fn insert_checked(connection: &Connection, draft: &Draft) -> Result<Option<Post>> {
    let taken = connection.prepare_cached(TAKEN)?.exists([&draft.slug])?;
    Ok(if taken {
        None
    } else {
        Some(insert(connection, draft)?)
    })
}

impl Service for Sqlite {
    async fn list(&self, limit: i64, offset: i64) -> Result<(Vec<PostRow>, i64)> {
        self.read(move |connection| {
            let posts = post_rows(connection, LIST, (limit, offset))?;
            let count = connection
                .prepare_cached(COUNT)?
                .query_row([], |row| row.get(0))?;
            Ok((posts, count))
        })
        .await
    }

    async fn feed(&self, limit: i64, after: Option<Cursor>) -> Result<Vec<PostRow>> {
        self.read(move |connection| match after {
            None => post_rows(connection, FIRST, [limit]),
            Some(Cursor { created_at, id }) => {
                post_rows(connection, AFTER, (limit, time(&created_at), id))
            }
        })
        .await
    }

    async fn item(&self, id: i64) -> Result<Option<Post>> {
        self.read(move |connection| post(connection, ITEM, [id]))
            .await
    }

    async fn create(&self, draft: Draft) -> Result<Post> {
        self.write(move |connection| insert(connection, &draft))
            .await
    }

    async fn create_checked(&self, draft: Draft) -> Result<Option<Post>> {
        // A transaction of its own, as one job.
        self.write_alone(move |connection| {
            execute(connection, "BEGIN IMMEDIATE")?;
            let post = insert_checked(connection, &draft);
            let end = if matches!(post, Ok(Some(_))) {
                "COMMIT"
            } else {
                "ROLLBACK"
            };
            execute(connection, end)?;
            post
        })
        .await
    }

    async fn update(&self, id: i64, changes: PostChanges) -> Result<Option<Post>> {
        let PostChanges { title, version } = changes;
        self.write(move |connection| post(connection, UPDATE, (title, id, version)))
            .await
    }
}
