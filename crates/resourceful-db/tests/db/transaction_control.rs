//! SQL that would begin or end a transaction, which other statements share, or its connection.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use resourceful_db::Db;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::dbs::{TestDb, both, execute};
use crate::transactions::{insert, numbers};

/// Single statements, which the methods for prepared statements refuse, too.
const SINGLE: [&str; 20] = [
    "BEGIN",
    " begin;",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "END",
    "End Transaction",
    "ROLLBACK",
    "ROLLBACK TO s1",
    "SAVEPOINT a",
    "RELEASE job",
    "START TRANSACTION",
    "abort",
    "PREPARE TRANSACTION 'a'",
    "COMMIT PREPARED 'a'",
    "/* x */ COMMIT",
    "-- x\nCOMMIT",
    "/* ' */--\"\n\t/**/COMMIT;",
    ";COMMIT",
    "\u{a0}COMMIT\u{a0}",
    "\u{2003} ROLLBACK",
];

/// Several statements. Those before the one that is refused do not run.
const SEVERAL: [&str; 12] = [
    "SELECT 1; COMMIT",
    "SELECT 1; COMMIT; BEGIN",
    "INSERT INTO t VALUES (1000); COMMIT",
    "INSERT INTO t VALUES (1000); ROLLBACK",
    "INSERT INTO t VALUES (1000); BEGIN; INSERT INTO t VALUES (1001)",
    "INSERT INTO t VALUES (1000); BEGIN; INSERT INTO t VALUES (1001); COMMIT",
    "INSERT INTO t VALUES (1000); BEGIN; INSERT INTO missing VALUES (1)",
    "INSERT INTO t VALUES (1000);/* ; */;-- ;\n end",
    "SELECT ';'; COMMIT",
    "SELECT 'it''s'; COMMIT; SELECT ''''",
    "SELECT 1 AS \"a\"\"b\"; COMMIT; SELECT 1 AS \"\"\"\"",
    "SELECT '\\'; COMMIT; SELECT 'a'",
];

const SEVERAL_ON_SQLITE: [&str; 5] = [
    "/* /* */ COMMIT",
    "SELECT 1 AS [a]; COMMIT; SELECT 1 AS [']",
    "SELECT 1 AS `a``'`; COMMIT; SELECT 1 AS `'`",
    "SELECT $a$; COMMIT; SELECT $a$",
    "CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t WHERE n < 0; END; COMMIT",
];

const SEVERAL_ON_POSTGRES: [&str; 7] = [
    "/* /* */ */ COMMIT",
    "SELECT 1 -- \rCOMMIT;; COMMIT",
    "SELECT E'\\''; COMMIT; SELECT E'\\''",
    "SELECT $$'$$; COMMIT; SELECT $a$'$$ $a$",
    "SELECT 1 AS a$b$; COMMIT; SELECT 1 AS c$b$",
    "DO $$ BEGIN PERFORM 1; END $$; COMMIT",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; COMMIT",
];

const ALLOWED: [&str; 8] = [
    "SELECT ';COMMIT'",
    "SELECT 'it''s ;COMMIT'; SELECT ''';COMMIT'",
    "SELECT 1 AS \";COMMIT\"; SELECT 1 AS \"a\"\";COMMIT\"",
    "SELECT 1 /* ;COMMIT */; -- ;COMMIT\n",
    "SELECT CASE 1 WHEN 1 THEN 2 END",
    "CREATE TABLE \"begin\" (\"commit\" bigint); DROP TABLE \"begin\"",
    "-- COMMIT\nSELECT 1",
    "",
];

const ALLOWED_ON_SQLITE: [&str; 4] = [
    "SELECT 1 AS [;COMMIT], 2 AS `;COMMIT`",
    "SELECT 1 -- \r;COMMIT",
    "CREATE TRIGGER r AFTER INSERT ON t WHEN new.n < 0 BEGIN DELETE FROM t WHERE n < 0; \
     UPDATE t SET n = CASE n WHEN 1 THEN 1 END WHERE n < 0; END; DROP TRIGGER r",
    "CREATE TEMP TRIGGER \"begin\" AFTER DELETE ON t BEGIN SELECT 1; END; DROP TRIGGER \"begin\"",
];

const ALLOWED_ON_POSTGRES: [&str; 9] = [
    "SELECT E'\\';COMMIT'; SELECT e'\\\\'",
    "SELECT E'a'\n'\\';COMMIT'",
    "SELECT $$;COMMIT$$, $tag$;COMMIT;$$;COMMIT$tag$",
    "SELECT 1 /* /* ;COMMIT */ ;COMMIT */",
    "DO $$ BEGIN PERFORM 1; END $$",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 2; END $$; DROP FUNCTION f",
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; \
     SELECT CASE WHEN true THEN 1 END; END; DROP FUNCTION f",
    "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN PERFORM ''a''; END'; DROP PROCEDURE p",
    "PREPARE a AS SELECT 1; DEALLOCATE a",
];

/// With one connection, so that the next user has the same one.
async fn with_table() -> [(TestDb, Db); 2] {
    let [sqlite, postgres] = both(Db::options().max_connections(1)).await;
    let with_other = async |db: TestDb| {
        execute(&db.db, "CREATE TABLE t (n bigint UNIQUE)").await;
        let other = Db::connect(&db.url).await.unwrap();
        (db, other)
    };
    [with_other(sqlite).await, with_other(postgres).await]
}

fn of_both<'a>(
    db: &TestDb,
    common: &[&'a str],
    sqlite: &[&'a str],
    postgres: &[&'a str],
) -> Vec<&'a str> {
    let own = match db.backend() {
        DbBackend::Sqlite => sqlite,
        _ => postgres,
    };
    [common, own].concat()
}

#[tokio::test]
async fn it_is_refused_and_changes_nothing() {
    for (db, other) in with_table().await {
        let several = of_both(&db, &SEVERAL, &SEVERAL_ON_SQLITE, &SEVERAL_ON_POSTGRES);
        let texts = SINGLE.into_iter().chain(several);
        let mut kept = Vec::new();
        for (number, text) in (0_i64..).step_by(4).zip(texts) {
            let context = format!("{:?}: {text}", db.backend());
            let statement = Statement::from_string(db.backend(), text);
            let is_single = SINGLE.contains(&text);
            db.execute_unprepared(text).await.expect_err(&context);
            db.execute_raw(statement.clone()).await.expect_err(&context);
            db.query_one_raw(statement.clone())
                .await
                .expect_err(&context);

            let tx = db.begin().await.unwrap();
            // Before the first statement, which begins it, and after it.
            tx.execute_unprepared(text).await.expect_err(&context);
            insert(&tx, number).await.unwrap();
            tx.execute_unprepared(text).await.expect_err(&context);
            let savepoint = tx.savepoint().await.unwrap();
            insert(&savepoint, number + 1).await.unwrap();
            savepoint
                .execute_unprepared(text)
                .await
                .expect_err(&context);
            if is_single {
                tx.execute_raw(statement.clone()).await.expect_err(&context);
                tx.query_one_raw(statement.clone())
                    .await
                    .expect_err(&context);
                tx.query_all_raw(statement).await.expect_err(&context);
            }
            savepoint.rollback().await.expect(&context);
            insert(&tx, number + 2).await.expect(&context);
            assert_eq!(numbers(&other).await, kept, "{context}");
            if number % 8 == 0 {
                tx.commit().await.expect(&context);
                kept.extend([number, number + 2]);
            } else {
                drop(tx);
            }
            // The next user has no part in it.
            insert(&db.db, number + 3).await.expect(&context);
            kept.push(number + 3);
            assert_eq!(numbers(&other).await, kept, "{context}");
        }
    }
}

#[tokio::test]
async fn what_only_looks_like_it_is_allowed() {
    for (db, other) in with_table().await {
        let mut kept = Vec::new();
        let allowed = of_both(&db, &ALLOWED, &ALLOWED_ON_SQLITE, &ALLOWED_ON_POSTGRES);
        for (number, text) in (0_i64..).zip(allowed) {
            let context = format!("{:?}: {text}", db.backend());
            db.execute_unprepared(text).await.expect(&context);
            let tx = db.begin().await.unwrap();
            insert(&tx, number).await.unwrap();
            tx.execute_unprepared(text).await.expect(&context);
            assert_eq!(numbers(&other).await, kept, "{context}");
            tx.commit().await.expect(&context);
            kept.push(number);
            assert_eq!(numbers(&other).await, kept, "{context}");
        }
        // It has a transaction of its own.
        execute(&db.db, "VACUUM").await;
    }
}

/// Not known by its words: SQLite refuses it when it prepares the statement, PostgreSQL does not know it.
#[tokio::test]
async fn what_the_database_refuses_leaves_a_transaction_to_roll_back() {
    for (db, other) in with_table().await {
        for text in ["\u{feff}COMMIT", "EXPLAIN COMMIT", "SELECT 1; EXPLAIN END"] {
            let context = format!("{:?}: {text}", db.backend());
            let tx = db.begin().await.unwrap();
            insert(&tx, 1).await.unwrap();
            tx.execute_unprepared(text).await.expect_err(&context);
            insert(&tx, 2).await.expect_err(&context);
            assert_eq!(numbers(&other).await, [] as [i64; 0], "{context}");
            tx.commit().await.expect_err(&context);
            db.execute_unprepared(text).await.expect_err(&context);
            assert_eq!(numbers(&other).await, [] as [i64; 0], "{context}");
        }
    }
}

/// A setting of the server decides whether this is one string or three statements.
#[tokio::test]
async fn a_backslash_hides_nothing() {
    let [_, db] = both(Db::options()).await;
    execute(&db.db, "CREATE TABLE t (n bigint UNIQUE)").await;
    for setting in ["on", "off"] {
        // The space in the URL stays one.
        let url = format!(
            "{}?options=-c%20standard_conforming_strings%3D{setting}",
            db.url
        );
        let other = Db::connect(&url).await.unwrap();
        let tx = other.begin().await.unwrap();
        insert(&tx, 1).await.unwrap();
        let text = "SELECT '\\''; COMMIT; SELECT '";
        tx.execute_unprepared(text).await.unwrap_err();
        // As one statement it has nothing else in it, or is refused by the server.
        let raw = Statement::from_string(DbBackend::Postgres, text);
        assert_eq!(tx.execute_raw(raw).await.is_ok(), setting == "on");
        assert_eq!(numbers(&db).await, [] as [i64; 0]);
    }
}

/// Pieces of which texts are made that begin and end strings, names, comments and statements.
const PIECES: [&str; 24] = [
    "'", "''", "\"", "\\", "\\'", "E'", "$$", "$a$", "$1", "a$", "[", "]", "`", "/*", "*/", "--",
    "\n", "\r", ";", "COMMIT", "SELECT 1", "SELECT '", "END", " ",
];

/// Whatever such a text is to the database, it does not end the transaction.
#[test]
fn no_text_ends_a_transaction() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (db, other) in runtime.block_on(with_table()) {
        let backend = db.backend();
        let pieces = proptest::sample::select(&PIECES[..]);
        let middle = proptest::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat());
        // More of the texts are valid this way.
        let texts = (middle.clone(), middle.clone(), middle)
            .prop_map(|(a, b, c)| format!("SELECT 1 AS a{a}; COMMIT; {b} SELECT 'a'{c}"));
        let config = Config {
            cases: 3000,
            failure_persistence: None,
            ..Config::default()
        };
        let valid = std::cell::Cell::new(0);
        let ran = TestRunner::new(config).run(&texts, |text| {
            runtime.block_on(async {
                let tx = db.begin().await.unwrap();
                insert(&tx, 1).await.unwrap();
                let result = tx.execute_unprepared(&text).await;
                valid.set(valid.get() + i32::from(result.is_ok()));
                prop_assert_eq!(numbers(&other).await, [] as [i64; 0]);
                tx.rollback().await.unwrap();
                prop_assert_eq!(numbers(&other).await, [] as [i64; 0]);
                Ok(())
            })
        });
        ran.unwrap_or_else(|error| panic!("{backend:?}: {error}"));
        println!("{backend:?}: {} of 3000 texts are valid", valid.get());
        assert!(valid.get() > 20, "{}", valid.get());
    }
}
