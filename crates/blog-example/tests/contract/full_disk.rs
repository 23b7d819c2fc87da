//! An SQLite database that temporarily cannot grow. SQLite then ends a transaction by itself.

use std::collections::BTreeSet;
use std::process::Command;

use blog_example::database;
use resourceful::{Error, gather};
use resourceful_db::Db;
use resourceful_test_parts::Process;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};

use crate::blog::Blog;
use crate::process::blog;

/// A megabyte of posts, more than the disk can store.
fn too_many() -> Value {
    let content = "x".repeat(10_000);
    let posts =
        (0..100).map(|number| json!({"title": format!("Large {number}"), "content": content}));
    json!({"posts": posts.collect::<Vec<_>>()})
}

/// The slugs of all posts, as another connection reads them.
async fn slugs(other: &Db) -> BTreeSet<String> {
    let posts = Statement::from_string(DbBackend::Sqlite, "SELECT slug FROM blog_post");
    let rows = other.query_all_raw(posts).await.unwrap();
    let slug = |row: &sea_orm::QueryResult| row.try_get_by_index(0).unwrap();
    rows.iter().map(slug).collect()
}

/// Runs SQL on the connection of the blog that writes. Asserts that it is not in a transaction.
async fn on_the_writer(blog: &Blog, sql: &str) {
    let transaction = blog.database.begin().await.unwrap();
    transaction.rollback().await.unwrap();
    blog.sql(sql).await;
}

/// Creates 40 posts concurrently. Asserts that another connection sees exactly these posts.
async fn assert_forty_are_stored(blog: &Blog, other: &Db) {
    let before = slugs(other).await;
    let create = async |number: usize| {
        let response = blog.create(&format!("Small {number}")).await;
        assert_eq!(response.status(), 201, "{}", response.text());
        Ok::<_, Error>(response.json()["slug"].as_str().unwrap().to_owned())
    };
    let created = gather(40, (0..40).map(create)).await;
    let created: BTreeSet<_> = created.into_iter().map(Result::unwrap).collect();
    let added: BTreeSet<_> = slugs(other).await.difference(&before).cloned().collect();
    assert_eq!(added, created);
    assert_eq!(created.len(), 40);
}

const NO_ROOM: &str = "PRAGMA max_page_count = 1"; // SQLite raises it to the current size
const ROOM: &str = "PRAGMA max_page_count = 4294967294";
const READ_ONLY: &str = "PRAGMA query_only = 1";
const WRITABLE: &str = "PRAGMA query_only = 0";

#[tokio::test]
async fn bulks_without_room_leave_no_connection_in_a_transaction() {
    let blog = Blog::on_sqlite().await;
    let other = blog.another_connection().await;
    // `NO_ROOM` ends the transaction, `READ_ONLY` leaves it open.
    for (fault, repair) in [(NO_ROOM, ROOM), (READ_ONLY, WRITABLE)] {
        for _ in 0..10 {
            on_the_writer(&blog, fault).await;
            let response = blog.client.post("/posts/bulk/").json(&too_many()).await;
            assert_eq!(response.status(), 503, "{}", response.text());
            assert_eq!(blog.client.get("/readyz").await.status(), 200);
        }
        on_the_writer(&blog, repair).await;
    }
    assert_eq!(slugs(&other).await, BTreeSet::new());
    assert_forty_are_stored(&blog, &other).await;
    let response = blog.client.post("/posts/bulk/").json(&too_many()).await;
    assert_eq!(response.json()["total_created"], 100);
    assert_eq!(slugs(&other).await.len(), 140);
}

#[tokio::test]
async fn single_posts_without_room_are_not_confirmed() {
    let blog = Blog::on_sqlite().await;
    let other = blog.another_connection().await;
    let post = json!({"title": "Large", "content": "x".repeat(100_000)});
    for (fault, repair) in [(NO_ROOM, ROOM), (READ_ONLY, WRITABLE)] {
        on_the_writer(&blog, fault).await;
        for _ in 0..10 {
            let response = blog.client.post("/api/posts/").json(&post).await;
            assert_eq!(response.status(), 503, "{}", response.text());
        }
        assert_eq!(blog.client.get("/posts/").await.status(), 200);
        on_the_writer(&blog, repair).await;
    }
    assert_eq!(slugs(&other).await, BTreeSet::new());
    assert_forty_are_stored(&blog, &other).await;
}

/// The table has no constraints, so a failed statement makes SQLite end the whole transaction.
#[tokio::test]
async fn a_transaction_that_ended_by_itself_stores_nothing_later() {
    let blog = Blog::on_sqlite().await;
    let other = blog.another_connection().await;
    blog.sql("CREATE TABLE filler (content blob)").await;
    for round in 0..9 {
        on_the_writer(&blog, NO_ROOM).await;
        let transaction = database::begin_writing(&blog.database).await.unwrap();
        let insert = "INSERT INTO filler VALUES (zeroblob(1000000))";
        transaction.execute_unprepared(insert).await.unwrap_err();
        transaction
            .execute_unprepared("ROLLBACK")
            .await
            .unwrap_err();
        match round % 3 {
            0 => transaction.commit().await.unwrap_err().to_string(),
            1 => transaction.rollback().await.unwrap_err().to_string(),
            _ => String::new(), // dropped
        };
    }
    on_the_writer(&blog, ROOM).await;
    assert_forty_are_stored(&blog, &other).await;
}

/// A `BEGIN` that is not that of a `Tx` does not make the writes after it a part of its transaction.
#[tokio::test]
async fn a_begin_as_text_is_refused() {
    let blog = Blog::on_sqlite().await;
    let other = blog.another_connection().await;
    for _ in 0..5 {
        let begun = blog.database.execute_unprepared("BEGIN IMMEDIATE").await;
        assert!(begun.is_err());
    }
    assert_forty_are_stored(&blog, &other).await;
}

/// The operating system limits the file size, in the middle and at the end of a transaction. Another
/// process reads the stored posts.
#[tokio::test]
async fn files_that_cannot_grow_lose_no_confirmed_post() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("blog.sqlite3");
    let url = format!("sqlite://{}", file.display());
    let program = blog(directory.path());
    // Ignores the signal that would end the process.
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\""])
        .arg(program.get_program())
        .current_dir(directory.path())
        .env("DATABASE_URL", &url)
        .env("RUST_LOG", "off");
    for (name, value) in program.get_envs() {
        match value {
            _ if name == "DATABASE_URL" => {}
            Some(value) => drop(command.env(name, value)),
            None => drop(command.env_remove(name)),
        }
    }
    let blog = Process::start(&mut command);
    let other = Db::connect(&url).await.unwrap();
    let create = |number: usize| {
        let post = format!(r#"{{"title": "Small {number}", "content": ""}}"#);
        blog.send("POST", "/api/posts/", &post)
    };
    assert_eq!(create(0).status, 201);

    let size = |file: &str| directory.path().join(file).metadata().unwrap().len();
    let room = size("blog.sqlite3").max(size("blog.sqlite3-wal")) + 50_000;
    limit_files(&blog, &room.to_string());
    let bulk = too_many().to_string();
    for _ in 0..10 {
        let response = blog.send("POST", "/posts/bulk/", &bulk);
        assert_eq!(response.status, 503, "{}", response.body);
        assert_eq!(blog.get("/readyz").status, 200);
    }
    limit_files(&blog, "unlimited");
    let before = slugs(&other).await;
    assert_eq!(before.len(), 1);

    let created: Vec<_> = std::thread::scope(|scope| {
        let creates: Vec<_> = (1..41)
            .map(|number| scope.spawn(move || create(number)))
            .collect();
        creates
            .into_iter()
            .map(|create| create.join().unwrap())
            .collect()
    });
    for response in &created {
        assert_eq!(response.status, 201, "{}", response.body);
    }
    let stored = slugs(&other).await;
    let expected: BTreeSet<_> = (0..41).map(|number| format!("small-{number}")).collect();
    assert_eq!(stored, expected);
    assert!(blog.stop("-TERM").1);
}

/// Limits the file size of a process, in bytes.
fn limit_files(process: &Process, bytes: &str) {
    let status = Command::new("prlimit")
        .arg(format!("--pid={}", process.id()))
        .arg(format!("--fsize={bytes}:unlimited"))
        .status();
    assert!(status.unwrap().success(), "prlimit");
}
