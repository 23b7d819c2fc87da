//! Sessions in SQLite and PostgreSQL.

use resourceful::prelude::*;
use resourceful_auth::{SessionStore, SqlSessionStore};
use resourceful_db::Db;
use sea_orm::ConnectionTrait;

use crate::database::{postgres_url, sqlite_url};

use super::site::{Browser, Clock, app, sessions_in};
use super::stores::{key, now, session};

async fn databases() -> [Db; 2] {
    [
        Db::connect(&sqlite_url()).await.unwrap(),
        Db::connect(&postgres_url()).await.unwrap(),
    ]
}

pub(super) async fn sqlite_store() -> SqlSessionStore<Db> {
    let database = Db::connect(&sqlite_url()).await.unwrap();
    SqlSessionStore::new(database).await.unwrap()
}

pub(super) async fn postgres_store() -> SqlSessionStore<Db> {
    let database = Db::connect(&postgres_url()).await.unwrap();
    SqlSessionStore::new(database).await.unwrap()
}

#[tokio::test]
async fn expired_sessions_are_removed_by_the_next_process_that_signs_in() {
    for database in databases().await {
        let store = SqlSessionStore::new(database.clone()).await.unwrap();
        for (number, expires_at) in [(1, now() - 1), (2, now()), (3, now() + 100)] {
            let mut session = session("ada");
            session.expires_at = expires_at;
            store.create(key(number), session).await.unwrap();
        }
        let later = SqlSessionStore::new(database).await.unwrap();
        later.create(key(4), session("bob")).await.unwrap();
        for (number, is_kept) in [(1, false), (2, false), (3, true), (4, true)] {
            let found = later.find(key(number)).await.unwrap();
            assert_eq!(found.is_some(), is_kept, "{number}");
        }
        // Once an hour.
        let mut expired = session("ada");
        expired.expires_at = now();
        later.create(key(5), expired).await.unwrap();
        let mut soon = session("ada");
        soon.created_at += 60 * 60 - 10;
        later.create(key(6), soon).await.unwrap();
        assert!(later.find(key(5)).await.unwrap().is_some());
        let mut next = session("ada");
        next.created_at += 60 * 60 + 10;
        later.create(key(7), next).await.unwrap();
        assert!(later.find(key(5)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn sessions_outlive_a_process() {
    for database in databases().await {
        let clock = Clock::start();
        let store = SqlSessionStore::new(database.clone()).await.unwrap();
        let cookie = {
            let mut browser = Browser::new(app(&sessions_in(store, &clock)));
            browser.sign_in("ada").await
        };
        let store = SqlSessionStore::new(database).await.unwrap();
        let browser = Browser::new(app(&sessions_in(store, &clock)));
        browser.with_cookie(cookie).assert_is("ada").await;
    }
}

/// A copy of the table lets nobody in.
#[tokio::test]
async fn the_table_has_no_ids() {
    for database in databases().await {
        let store = SqlSessionStore::new(database.clone()).await.unwrap();
        let mut browser = Browser::new(app(&sessions_in(store, &Clock::start())));
        let cookie = browser.sign_in("ada").await;
        let id = cookie.strip_prefix("__Host-session=").unwrap();
        let sql = "SELECT id_hash || ' ' || owner || ' ' || data AS row FROM auth_session";
        let row = database.query_one_raw(sea_orm::Statement::from_string(database.backend(), sql));
        let row: String = row.await.unwrap().unwrap().try_get("", "row").unwrap();
        assert!(!row.contains(id) && row.contains("ada"), "{row}");
        let (hash, _) = row.split_once(' ').unwrap();
        let stolen = format!("__Host-session={hash}");
        browser.with_cookie(stolen).assert_is_refused().await;
    }
}

#[tokio::test]
async fn processes_may_create_the_table_concurrently() {
    let database = Db::connect(&postgres_url()).await.unwrap();
    let create = async || {
        let created = SqlSessionStore::new(database.clone()).await;
        created.map(drop).map_err(Error::internal)
    };
    for created in gather(8, (0..8).map(|_| create())).await {
        created.unwrap();
    }
}

#[tokio::test]
async fn a_database_that_fails_is_503() {
    for database in databases().await {
        let store = SqlSessionStore::new(database.clone()).await.unwrap();
        let mut browser = Browser::new(app(&sessions_in(store, &Clock::start())));
        let cookie = browser.sign_in("ada").await;
        let drop = "DROP TABLE auth_session";
        database.execute_unprepared(drop).await.unwrap();
        assert_is_away(&mut browser, &cookie).await;
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_503() {
    let mut server = resourceful_test_parts::Postgres::start();
    let database = Db::connect(&server.url()).await.unwrap();
    let store = SqlSessionStore::new(database).await.unwrap();
    let mut browser = Browser::new(app(&sessions_in(store, &Clock::start())));
    let cookie = browser.sign_in("ada").await;
    server.stop();
    assert_is_away(&mut browser, &cookie).await;
    server.restart();
    let back = super::stores::until("the server is not used again", async || {
        (browser.who().await.0 == 200).then_some(())
    });
    back.await;
}

async fn assert_is_away(browser: &mut Browser, cookie: &str) {
    let response = browser.get("/").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
    // No text of the database, and the browser stays signed in.
    assert!(
        !response.text().contains("auth_session"),
        "{}",
        response.text()
    );
    assert_eq!(browser.cookie.as_deref(), Some(cookie));
}
