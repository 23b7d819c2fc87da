//! `PgBouncer` in transaction mode between the crate and the server.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use resourceful_db::Db;
use resourceful_test_parts::Guarded;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::dbs::{execute, postgres_url};

struct PgBouncer {
    _child: Guarded,
    url: String,
    _directory: tempfile::TempDir,
}

impl PgBouncer {
    async fn start() -> Self {
        let url = postgres_url();
        let (server, name) = url.rsplit_once('/').unwrap();
        let (user, address) = server
            .trim_start_matches("postgres://")
            .split_once('@')
            .unwrap();
        let (host, port) = address.split_once(':').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own_port = listener.local_addr().unwrap().port();
        drop(listener);
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n{name} = host={host} port={port} dbname={name} user={user}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {own_port}\nauth_type = any\n\
             pool_mode = transaction\nmax_client_conn = 100\ndefault_pool_size = 3\nunix_socket_dir =\n"
        );
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(program());
        if Command::new("id")
            .arg("-u")
            .output()
            .unwrap()
            .stdout
            .trim_ascii()
            == b"0"
        {
            // It refuses to run as root.
            command.args(["-u", "nobody"]);
            let chmod = Command::new("chmod")
                .arg("-R")
                .arg("a+rX")
                .arg(directory.path())
                .status();
            assert!(chmod.unwrap().success());
        }
        command.arg(&file);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let url = format!("postgres://{user}@127.0.0.1:{own_port}/{name}");
        Self {
            _child: Guarded::spawn(&mut command).unwrap(),
            url,
            _directory: directory,
        }
    }

    async fn connect(&self) -> Db {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            match Db::options()
                .prepared_statements(false)
                .connect(&self.url)
                .await
            {
                Ok(db) => return db,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Debian installs it in a directory that is only in the path of root.
fn program() -> &'static str {
    let mut programs = ["pgbouncer", "/usr/sbin/pgbouncer"].into_iter();
    let is_there = |program: &&str| {
        let mut command = Command::new(program);
        command.arg("-V").stdout(Stdio::null()).status().is_ok()
    };
    let found = programs.find(is_there);
    found.expect("pgbouncer is missing: run the tests with `./test`, or install it")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_and_transactions_work_through_pgbouncer() {
    let bouncer = PgBouncer::start().await;
    let db = bouncer.connect().await;
    execute(&db, "CREATE TABLE t (n bigint, text text)").await;
    // More clients than connections to the server.
    let tasks = (0..20_i64).map(|task| {
        let db = db.clone();
        tokio::spawn(async move {
            for round in 0..20 {
                let sql = "INSERT INTO t VALUES ($1, $2)";
                let values = [task.into(), format!("text {round}").into()];
                let insert = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
                db.execute_raw(insert.clone()).await.unwrap();
                let tx = db.begin().await.unwrap();
                tx.execute_raw(insert.clone()).await.unwrap();
                let undone = tx.savepoint().await.unwrap();
                undone.execute_raw(insert.clone()).await.unwrap();
                drop(undone);
                tx.commit().await.unwrap();
                let dropped = db.begin().await.unwrap();
                dropped.execute_raw(insert).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let count = Statement::from_string(DbBackend::Postgres, "SELECT count(*) AS n FROM t");
    let count = db.query_one_raw(count).await.unwrap().unwrap();
    assert_eq!(count.try_get::<i64>("", "n").unwrap(), 800);
    // The limits of a transaction are those of the options, and do not stay on the server's connection.
    let shown = Statement::from_string(
        DbBackend::Postgres,
        "SHOW idle_in_transaction_session_timeout",
    );
    let tx = db.begin().await.unwrap();
    let row = tx.query_one_raw(shown.clone()).await.unwrap().unwrap();
    let limit: String = row
        .try_get("", "idle_in_transaction_session_timeout")
        .unwrap();
    assert_eq!(limit, "10s");
    tx.commit().await.unwrap();
    let row = db.query_one_raw(shown).await.unwrap().unwrap();
    let limit: String = row
        .try_get("", "idle_in_transaction_session_timeout")
        .unwrap();
    assert_eq!(limit, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_run_once_through_pgbouncer() {
    let bouncer = PgBouncer::start().await;
    bouncer.connect().await;
    crate::migrations::four_at_once(&bouncer.url, false).await;
}
