//! Hostile texts in every place where a request has one: the response is never a 5xx, no text of the database
//! reaches the client, and the rows are those that a search in memory finds.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use resourceful::prelude::*;
use resourceful::{Bulk, BulkResults, Filtered, TestResponse};
use resourceful_db::{
    Changeset, Cursor, Db, DbError, Filter, Item, ModelResource, Order, Scope, bulk_create,
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::dbs::{TestDb, both, create_table};

mod word {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "secret_words")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub text: String,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub data: Option<Json>,
        pub at: Option<DateTimeUtc>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = word::Entity)]
struct Word {
    #[item(id)]
    name: String,
    text: String,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = word::Entity)]
#[garde(allow_unvalidated)]
struct NewWord {
    name: String,
    text: String,
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct NewWords {
    words: Bulk<NewWord>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = word::Entity)]
#[garde(allow_unvalidated)]
struct WordChanges {
    #[serde(default)]
    text: Change<String>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Filter)]
#[filter(entity = word::Entity)]
#[garde(allow_unvalidated)]
struct WordFilter {
    #[serde(default)]
    name: Vec<String>,
    text: Option<String>,
    #[filter(text, ne)]
    text_ne: Option<String>,
    #[filter(text, contains)]
    contains: Option<String>,
    #[filter(any(name, text), icontains)]
    icontains: Option<String>,
    #[filter(text, starts_with)]
    starts_with: Option<String>,
    #[filter(at, gte)]
    since: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, Order)]
#[order(entity = word::Entity)]
enum WordOrder {
    #[order(name)]
    Name,
    #[order(text desc)]
    Text,
}

#[derive(AsRef)]
struct Words {
    #[as_ref]
    db: Db,
}

#[resource]
impl ModelResource for Words {
    type Access = Public;
    type Entity = word::Entity;
    type Item = Word;
    type Create = NewWord;
    type PartialUpdate = WordChanges;
    type Query = Filtered<WordFilter, Cursor<WordOrder>>;

    fn visible(&self, _: &Request) -> Scope<word::Entity> {
        Scope::all()
    }

    #[action(POST, "bulk")]
    async fn bulk(&self, request: &Request, new: NewWords) -> Result<BulkResults<Word>, DbError> {
        bulk_create(self, request, new.words).await
    }
}

/// Texts that end a text, a pattern, a statement or a buffer.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "'",
        "\"",
        "`",
        "\\",
        "\\'",
        "''",
        "--",
        "/*",
        "*/",
        ";",
        "%",
        "_",
        "*",
        "?",
        "[",
        "[]",
        "[^a]",
        "]",
        "$1",
        "?1",
        ":name",
        "@p",
        "{}",
        "NULL",
        "null",
        "",
        " ",
        "\n",
        "\t",
        "\u{1}",
        "\u{7f}",
        "\u{feff}",
        "\u{202e}",
        "😀",
        "ß",
        "' OR 1=1 --",
        "') OR ('1'='1",
        "'; DROP TABLE secret_words; --",
        "1; DELETE FROM secret_words",
        "\" OR \"\"=\"",
        "' UNION SELECT name, text FROM secret_words --",
        "x' AND pg_sleep(10)::text = '",
        "%' OR '1' LIKE '1",
        "a' ESCAPE '\\",
        "name desc, text",
        "(SELECT 1)",
        "E'\\x00'",
        "\\0",
        "\\u0000",
        "resourceful: the row is not visible",
        "-1",
        "1e400",
        "9223372036854775808",
        "0x10",
        "٣",
        "+1",
        "1 ",
    ]
    .map(str::to_owned)
    .into();
    texts.extend(["a\0b", "\0", "'\0--"].map(str::to_owned));
    texts.extend(["'", "%", "[", "\\", "a", "ä"].map(|part| part.repeat(10 * 1024 / part.len())));
    texts
}

struct Server {
    db: TestDb,
    client: TestClient,
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// Refused or done, and nothing of the database in the text.
fn check(response: &TestResponse, what: &str) {
    let what: String = what.chars().take(200).collect();
    let status = response.status().as_u16();
    assert!(status < 500, "{what}: {status} {}", response.text());
    if status >= 400 {
        let text = response.text().to_lowercase();
        let told = [
            "secret_words",
            "sql",
            "select",
            "where",
            "syntax",
            "relation",
            "constraint",
            "22021",
            "0x00",
            "utf8",
        ];
        for told in told {
            assert!(
                !text.contains(told) || what.to_lowercase().contains(told),
                "{what}: {text}"
            );
        }
    }
}

impl Server {
    async fn new(db: TestDb) -> Self {
        create_table(&db, word::Entity).await;
        let app = App::new().max_uri_length(64 * 1024);
        let app = app.resource("/words", Words { db: db.db.clone() });
        let client = TestClient::new(app).unwrap();
        let server = Self { db, client };
        for (name, text) in [
            ("one", "a%b"),
            ("two", "A_B"),
            ("three", "[a]*?"),
            ("four", "\\'\""),
        ] {
            let new = server.create(&json!({"name": name, "text": text})).await;
            assert_eq!(new.status(), 201, "{}", new.text());
        }
        server
    }

    async fn both() -> Vec<Self> {
        let mut servers = Vec::new();
        for db in both(
            Db::options()
                .entity(word::Entity)
                .cursor_keys([vec![1; 32], vec![2; 32]]),
        )
        .await
        {
            servers.push(Self::new(db).await);
        }
        servers
    }

    async fn create(&self, body: &Value) -> TestResponse {
        self.client.post("/words").json(body).await
    }

    async fn rows(&self) -> Vec<word::Model> {
        let rows = word::Entity::find().order_by_asc(word::Column::Name);
        rows.all(&self.db.db).await.unwrap()
    }

    async fn names(&self, path: &str) -> Vec<String> {
        let response = self.client.get(path).await;
        check(&response, path);
        assert_eq!(response.status(), 200, "{path}: {}", response.text());
        let json = response.json();
        let names = json["words"].as_array().unwrap().iter();
        names
            .map(|word| word["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn filters_are_values() {
    for server in Server::both().await {
        let rows = server.rows().await;
        for text in hostile() {
            let lower = text.to_ascii_lowercase();
            let matches = |name: &str, row: &word::Model| match name {
                "name" => row.name == text,
                "text" => row.text == text,
                "text_ne" => row.text != text,
                "contains" => row.text.contains(&text),
                "starts_with" => row.text.starts_with(&text),
                _ => [&row.name, &row.text]
                    .iter()
                    .any(|other| other.to_ascii_lowercase().contains(&lower)),
            };
            for name in [
                "name",
                "text",
                "text_ne",
                "contains",
                "icontains",
                "starts_with",
            ] {
                let path = format!("/words?{name}={}", encoded(&text));
                if text.contains('\0') {
                    let refused = server.client.get(&path).await;
                    check(&refused, &path);
                    assert_eq!(refused.status(), 422, "{path}: {}", refused.text());
                    assert_eq!(
                        refused.json()["errors"][0]["name"],
                        name,
                        "{}",
                        refused.text()
                    );
                    continue;
                }
                let expected = rows.iter().filter(|row| matches(name, row));
                let expected: Vec<_> = expected.map(|row| row.name.clone()).collect();
                assert_eq!(server.names(&path).await, expected, "{path}");
            }
            for name in ["order", "limit", "cursor", "since", &text] {
                let path = format!("/words?{}={}", encoded(name), encoded(&text));
                check(&server.client.get(&path).await, &path);
            }
            for name in ["order", "cursor", "since"] {
                let path = format!("/words?{name}={}", encoded(&text));
                let refused = server.client.get(&path).await;
                assert_eq!(refused.status(), 422, "{path}: {}", refused.text());
            }
        }
        for time in [
            "-4714-01-01T00:00:00Z",
            "%2B10000-01-01T00:00:00Z",
            "%2B262142-12-31T23:59:59Z",
            "-262143-01-01T00:00:00Z",
        ] {
            let path = format!("/words?since={time}");
            let refused = server.client.get(&path).await;
            assert_eq!(refused.status(), 422, "{path}: {}", refused.text());
        }
        for bytes in [
            "%00",
            "%FF",
            "%C0%80",
            "%ED%A0%80",
            "%",
            "%G0",
            "%27%FF",
            "a%F0%9F",
        ] {
            for name in [
                "name", "contains", "order", "limit", "cursor", "since", "unknown",
            ] {
                let path = format!("/words?{name}={bytes}");
                check(&server.client.get(&path).await, &path);
            }
            check(&server.client.get(&format!("/words/{bytes}")).await, bytes);
        }
        assert_eq!(server.rows().await, rows);
    }
}

#[tokio::test]
async fn ids_are_values() {
    for server in Server::both().await {
        let rows = server.rows().await;
        for text in hostile() {
            let path = format!("/words/{}", encoded(&text).replace('+', "%20"));
            let client = &server.client;
            for request in [
                client.get(&path),
                client.delete(&path),
                client.patch(&path).json(&json!({"text": "x"})),
            ] {
                let response = request.await;
                check(&response, &path);
                assert!(
                    !response.status().is_success(),
                    "{path}: {}",
                    response.text()
                );
            }
        }
        assert_eq!(server.rows().await, rows);
    }
}

#[tokio::test]
async fn bodies_are_values() {
    for server in Server::both().await {
        let mut expected = server.rows().await;
        for (number, text) in hostile().into_iter().enumerate() {
            let what = format!("{:?} {text}", server.db.backend());
            let is_refused = text.contains('\0');
            let name = format!("n{number}");
            let new = json!({"name": name, "text": text, "data": {"k": [&text]}});
            let created = server.create(&new).await;
            check(&created, &what);
            if is_refused {
                assert_eq!(created.status(), 422, "{what}");
                let errors = created.json()["errors"].clone();
                let pointers: Vec<_> = errors
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|error| &error["pointer"])
                    .collect();
                assert_eq!(pointers, ["#/data/k/0", "#/text"], "{what}");
                let key = json!({"k": {(text.as_str()): 1}});
                let created = server
                    .create(&json!({"name": "x", "text": "", "data": key}))
                    .await;
                assert_eq!(created.status(), 422, "{what}");
            } else {
                assert_eq!(created.status(), 201, "{what}: {}", created.text());
                let at = None;
                expected.push(word::Model {
                    name: name.clone(),
                    text: text.clone(),
                    data: Some(new["data"].clone()),
                    at,
                });
                // Its `Location` is its own.
                let path = created.headers()["location"].to_str().unwrap().to_owned();
                assert_eq!(
                    server.client.get(&path).await.json()["text"],
                    text,
                    "{what}"
                );
            }
            let changed = server
                .client
                .patch("/words/one")
                .json(&json!({"text": text}))
                .await;
            check(&changed, &what);
            assert_eq!(
                changed.status(),
                if is_refused { 422 } else { 200 },
                "{what}"
            );
            let bulk = server.client.post("/words/bulk");
            let bulk = bulk
                .json(&json!({"words": [{"name": format!("b{number}"), "text": text}]}))
                .await;
            check(&bulk, &what);
            if !is_refused {
                expected.push(word::Model {
                    name: format!("b{number}"),
                    text: text.clone(),
                    data: None,
                    at: None,
                });
                expected
                    .iter_mut()
                    .find(|row| row.name == "one")
                    .unwrap()
                    .text = text;
            }
        }
        for at in [
            "-4714-01-01T00:00:00Z",
            "+10000-01-01T00:00:00Z",
            "+262142-12-31T23:59:59Z",
        ] {
            let refused = server
                .create(&json!({"name": at, "text": "", "at": at}))
                .await;
            assert_eq!(refused.status(), 422, "{at}: {}", refused.text());
            assert_eq!(
                refused.json()["errors"][0]["pointer"],
                "#/at",
                "{}",
                refused.text()
            );
        }
        expected.sort_by(|one, other| one.name.cmp(&other.name));
        assert_eq!(server.rows().await, expected);
    }
}

#[tokio::test]
async fn cursors_are_signed() {
    for server in Server::both().await {
        let backend = server.db.backend();
        let rows = server.rows().await;
        let cursor = async |path: &str| -> String {
            let page = server.client.get(path).await;
            page.json()["pagination"]["next"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let valid = cursor("/words?limit=1").await;
        let status = async |query: String| {
            let path = format!("/words?{query}");
            let response = server.client.get(&path).await;
            check(&response, &path);
            response.status().as_u16()
        };
        assert_eq!(status(format!("limit=2&cursor={valid}")).await, 200);
        // Of another order, or of another filter.
        assert_eq!(status(format!("order=text&cursor={valid}")).await, 422);
        assert_eq!(status(format!("text_ne=x&cursor={valid}")).await, 422);
        let other = cursor("/words?limit=1&text_ne=x").await;
        assert_eq!(status(format!("text_ne=y&cursor={other}")).await, 422);
        assert_eq!(status(format!("cursor={other}")).await, 422);
        let other = cursor("/words?limit=1&order=text").await;
        assert_eq!(status(format!("cursor={other}")).await, 422);
        // Truncated, extended, and with each bit flipped.
        for length in 0..valid.len() {
            assert_eq!(
                status(format!("cursor={}", &valid[..length])).await,
                422,
                "{length}"
            );
        }
        for more in ["A", "AAAA", "=", "%3D%3D", "%20", "%00", "'"] {
            assert_eq!(status(format!("cursor={valid}{more}")).await, 422, "{more}");
        }
        let bytes = URL_SAFE_NO_PAD.decode(&valid).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let flipped = URL_SAFE_NO_PAD.encode(bytes);
            assert_eq!(status(format!("cursor={flipped}")).await, 422, "{bit}");
        }
        // Values of the attacker's with the signature of a valid one.
        let (fingerprint, signature) = (&bytes[..8], &bytes[bytes.len() - 16..]);
        for values in [
            "[\"' OR 1=1 --\"]",
            "[]",
            "[1]",
            "[\"a\",\"b\"]",
            "{",
            "[null]",
        ] {
            let forged = [fingerprint, values.as_bytes(), signature].concat();
            assert_eq!(
                status(format!("cursor={}", URL_SAFE_NO_PAD.encode(forged))).await,
                422,
                "{values}"
            );
        }
        // Signed with an old key, which is still valid; a key that is no longer there is not.
        for (keys, expected) in [
            (vec![vec![9; 32], vec![1; 32]], 200),
            (vec![vec![2; 32]], 422),
            (vec![vec![9; 32]], 422),
        ] {
            let db = Db::options()
                .cursor_keys(keys)
                .connect(&server.db.url)
                .await
                .unwrap();
            let app = App::new().resource("/words", Words { db });
            let client = TestClient::new(app).unwrap();
            let page = client.get(&format!("/words?limit=3&cursor={valid}")).await;
            assert_eq!(page.status(), expected, "{backend:?}: {}", page.text());
            if expected == 200 {
                let names: Vec<_> = page.json()["words"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|word| word["name"].clone())
                    .collect();
                let rest: Vec<_> = rows[1..].iter().map(|row| json!(row.name)).collect();
                assert_eq!(names, rest);
            }
        }
        assert_eq!(server.rows().await, rows);
    }
}

/// Two replicas change the key of cursors while clients page.
#[tokio::test]
async fn keys_of_cursors_change_without_a_restart() {
    let server = Server::both().await.into_iter().next().unwrap();
    for name in ["a", "b", "c"] {
        let word = json!({"name": name, "text": name});
        assert_eq!(server.create(&word).await.status(), 201);
    }
    let (old, new) = (vec![8; 32], vec![9; 32]);
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let options = Db::options().cursor_keys([old.clone()]);
        let db = options.connect(&server.db.url).await.unwrap();
        let app = App::new().resource("/words", Words { db: db.clone() });
        replicas.push((db, TestClient::new(app).unwrap()));
    }
    let first = async |replica: usize| {
        let page = replicas[replica].1.get("/words?limit=1").await.json();
        page["pagination"]["next"].as_str().unwrap().to_owned()
    };
    let status = async |replica: usize, cursor: &str| {
        let path = format!("/words?limit=1&cursor={cursor}");
        replicas[replica].1.get(&path).await.status()
    };
    let before = first(0).await;
    for keys in [
        vec![old.clone(), new.clone()],
        vec![new.clone(), old],
        vec![new],
    ] {
        for (db, _) in &replicas {
            db.change_cursor_keys(keys.clone()).unwrap();
            // Whichever has changed, both read the cursors of both.
            for (from, to) in [(0, 1), (1, 0)] {
                let cursor = first(from).await;
                assert_eq!(status(to, &cursor).await, 200, "{keys:?}");
            }
        }
    }
    assert_eq!(status(0, &before).await, 422, "its key is gone");
    let none: [Vec<u8>; 0] = [];
    assert!(replicas[0].0.change_cursor_keys(none).is_err());
    assert!(replicas[0].0.change_cursor_keys([[1; 31]]).is_err());
    assert_eq!(
        status(0, &first(1).await).await,
        200,
        "the keys of before stay"
    );
}

/// A value that is too long for its column is the client's mistake, not the server's.
#[tokio::test]
async fn values_out_of_range_are_no_server_errors() {
    for server in Server::both().await {
        if server.db.backend() == sea_orm::DbBackend::Sqlite {
            // Its columns have no lengths.
            continue;
        }
        let narrow = "ALTER TABLE secret_words ALTER COLUMN text TYPE varchar(10)";
        server.db.execute_unprepared(narrow).await.unwrap();
        let long = server
            .create(&json!({"name": "x", "text": "12345678901"}))
            .await;
        check(&long, "too long");
        assert_eq!(long.status(), 409, "{}", long.text());
    }
}
