//! Numbered parameters: `$2` is the second value, wherever it stands.

use resourceful_db::{Db, DbError};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

async fn databases() -> [Db; 2] {
    let postgres = std::env::var("TEST_POSTGRES_URL").expect("./test sets it");
    [
        Db::connect("sqlite::memory:").await.unwrap(),
        Db::connect(&postgres).await.unwrap(),
    ]
}

fn statement(db: &Db, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.backend(), sql, values)
}

#[tokio::test]
async fn a_number_is_the_place_of_the_value() {
    for db in databases().await {
        for sql in [
            "SELECT CAST($1 AS text) AS a, CAST($2 AS text) AS b",
            "SELECT b.b, a.a FROM (SELECT CAST($2 AS text) AS b) AS b, (SELECT CAST($1 AS text) AS a) AS a",
            "SELECT CAST($1 AS text) AS a, CAST($2 AS text) AS b WHERE CAST($2 AS text) > CAST($1 AS text)",
            "SELECT CAST($1 AS text) AS a, b FROM (SELECT CAST($2 AS text) AS b) AS b \
             WHERE CAST($2 AS text) = 'two' AND CAST($1 AS text) = 'one'",
        ] {
            let query = statement(&db, sql, ["one".into(), "two".into()]);
            let row = db.query_one_raw(query).await.unwrap().expect(sql);
            let a: String = row.try_get("", "a").unwrap();
            let b: String = row.try_get("", "b").unwrap();
            assert_eq!((&*a, &*b), ("one", "two"), "{:?}: {sql}", db.backend());
        }
        // The tenth is not the first with a zero.
        let sql = "SELECT CAST($10 AS text) || CAST($1 AS text) || CAST($2 AS text) || CAST($3 AS text) \
                   || CAST($4 AS text) || CAST($5 AS text) || CAST($6 AS text) || CAST($7 AS text) \
                   || CAST($8 AS text) || CAST($9 AS text) AS all_of_them";
        let letters = "abcdefghij".chars().map(|letter| letter.to_string().into());
        let query = statement(&db, sql, letters);
        let row = db.query_one_raw(query).await.unwrap().unwrap();
        let all: String = row.try_get("", "all_of_them").unwrap();
        assert_eq!(all, "jabcdefghi");
    }
}

#[tokio::test]
async fn a_statement_that_writes_has_numbers_too() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.execute_unprepared("CREATE TABLE tag (id integer PRIMARY KEY, name text, color text)")
        .await
        .unwrap();
    let upsert = "INSERT INTO tag (id, name, color) VALUES ($2, $1, $3) \
                  ON CONFLICT (id) DO UPDATE SET name = $1, color = $3 WHERE tag.id = $2";
    for color in ["red", "blue"] {
        let values: [Value; 3] = ["rust".into(), 7_i64.into(), color.into()];
        let changed = db
            .execute_raw(statement(&db, upsert, values))
            .await
            .unwrap();
        assert_eq!(changed.rows_affected(), 1);
    }
    let tx = db.begin().await.unwrap();
    let read = "SELECT name, color FROM tag WHERE color = $2 AND name = $1";
    let read = statement(&db, read, ["rust".into(), "blue".into()]);
    assert!(tx.query_one_raw(read).await.unwrap().is_some());
}

#[tokio::test]
async fn question_marks_count_from_the_left() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    for sql in ["SELECT ? || ? AS both", "SELECT ?1 || ?2 AS both"] {
        let query = statement(&db, sql, ["a".into(), "b".into()]);
        let row = db.query_one_raw(query).await.unwrap().unwrap();
        assert_eq!(row.try_get::<String>("", "both").unwrap(), "ab", "{sql}");
    }
}

#[tokio::test]
async fn a_wrong_number_of_values_is_an_error() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    for (sql, count) in [
        ("SELECT $1", 0),
        ("SELECT $1", 2),
        ("SELECT $1, $3", 2),
        ("SELECT $0", 1),
        ("SELECT ?", 2),
        ("SELECT :name", 1),
        ("SELECT 1", 1),
    ] {
        let values = (0..count).map(Value::from);
        let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let error = DbError::from(db.query_all_raw(query).await.unwrap_err());
        assert!(error.to_string().contains("parameter"), "{sql}: {error}");
    }
}
