//! Conditional requests to model resources: the statement that changes a row compares.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use resourceful::TestResponse;
use resourceful::http::{Method, StatusCode};
use resourceful::prelude::*;
use resourceful_db::actions;
use resourceful_db::prelude::*;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait};
use serde_json::json;

use crate::dbs::{TestDb, both, create_table, execute};

mod note {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "conditional_note")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub text: String,
        pub version: i64,
        pub changed_at: DateTimeUtc,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::tag::Entity")]
        Tags,
    }
    impl Related<super::tag::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Tags.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

mod tag {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "conditional_tag")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub note_id: i64,
        pub name: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::note::Entity",
            from = "Column::NoteId",
            to = "super::note::Column::Id"
        )]
        Note,
    }
    impl Related<super::note::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Note.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Serialize, JsonSchema, Item)]
#[item(entity = tag::Entity)]
struct Tag {
    name: String,
}

/// The version is not among the members.
#[derive(Serialize, JsonSchema, Item)]
#[item(entity = note::Entity)]
struct Note {
    id: i64,
    text: String,
    #[item(nested)]
    tags: Vec<Tag>,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = note::Entity)]
struct NewNote {
    #[garde(skip)]
    text: String,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = note::Entity)]
struct NoteChanges {
    #[serde(default)]
    #[garde(skip)]
    text: Change<String>,
    #[serde(default)]
    #[garde(skip)]
    version: Change<i64>,
}

fn start() -> DateTime<Utc> {
    "2026-01-02T00:00:00.5Z".parse().unwrap()
}
const BEFORE: &str = "Thu, 01 Jan 2026 23:59:59 GMT";
const AT: &str = "Fri, 02 Jan 2026 00:00:00 GMT";

/// By the version.
#[derive(AsRef)]
struct Notes(#[as_ref] Db);

#[resource]
impl ModelResource for Notes {
    type Access = Public;
    type Entity = note::Entity;
    type Item = Note;
    type Create = NewNote;
    type PartialUpdate = NoteChanges;
    type Query = Unpaged;

    fn visible(&self, _: &Request) -> Scope<note::Entity> {
        Scope::all()
    }

    fn version() -> Option<note::Column> {
        Some(note::Column::Version)
    }

    fn modified() -> Option<note::Column> {
        Some(note::Column::ChangedAt)
    }

    fn fill_create(&self, _: &Request, note: &mut note::ActiveModel) -> Result<(), DbError> {
        note.changed_at = Set(start());
        Ok(())
    }
}

/// The same in transactions, because of hooks.
#[derive(AsRef)]
struct Hooked(#[as_ref] Db);

#[resource(name = "notes", only(retrieve, update, partial_update, destroy))]
impl ModelResource for Hooked {
    type Access = Public;
    type Entity = note::Entity;
    type Item = Note;
    type Update = NewNote;
    type PartialUpdate = NoteChanges;

    fn visible(&self, _: &Request) -> Scope<note::Entity> {
        Scope::all()
    }

    fn version() -> Option<note::Column> {
        Some(note::Column::Version)
    }

    async fn before_update(
        &self,
        _: &Request,
        _: &Tx,
        _: &note::Model,
        _: &mut note::ActiveModel,
    ) -> Result<(), DbError> {
        Ok(())
    }

    async fn before_destroy(&self, _: &Request, _: &Tx, _: &note::Model) -> Result<(), DbError> {
        Ok(())
    }
}

/// By the time alone.
#[derive(AsRef)]
struct Timed(#[as_ref] Db);

#[resource(name = "notes", only(retrieve, update, destroy))]
impl ModelResource for Timed {
    type Access = Public;
    type Entity = note::Entity;
    type Item = Note;
    type Update = NewNote;

    fn visible(&self, _: &Request) -> Scope<note::Entity> {
        Scope::all()
    }

    fn modified() -> Option<note::Column> {
        Some(note::Column::ChangedAt)
    }

    fn fill_update(&self, _: &Request, note: &mut note::ActiveModel) -> Result<(), DbError> {
        note.changed_at = Set(Utc::now());
        Ok(())
    }
}

/// Hooks that are written by hand.
#[derive(AsRef)]
struct ByHand(#[as_ref] Db);

#[resource(name = "notes", only(list, update, destroy))]
impl ModelResource for ByHand {
    type Access = Public;
    type Entity = note::Entity;
    type Item = Note;

    fn visible(&self, _: &Request) -> Scope<note::Entity> {
        Scope::all()
    }

    fn version() -> Option<note::Column> {
        Some(note::Column::Version)
    }

    async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<String>, DbError> {
        Ok(Page::all(vec!["a note".to_owned()]))
    }

    /// Looks at the precondition.
    async fn update(&self, request: &Request, _: i64, _: NewNote) -> Result<String, DbError> {
        let rows = actions::unchanged::<Self>(request)
            .select()
            .all(&self.0)
            .await?;
        Ok(format!("{} rows", rows.len()))
    }

    /// Forgets it.
    async fn destroy(&self, _: &Request, _: i64) -> Result<(), DbError> {
        Ok(())
    }
}

async fn client(db: &TestDb) -> TestClient {
    create_table(db, note::Entity).await;
    create_table(db, tag::Entity).await;
    let of = || Db::clone(db);
    let app = App::new()
        .resource("/notes", Notes(of()))
        .resource("/hooked", Hooked(of()))
        .resource("/timed", Timed(of()))
        .resource("/by-hand", ByHand(of()));
    let client = TestClient::new(app).unwrap();
    for id in 1..=2 {
        insert(db, id).await;
    }
    client
}

async fn insert(db: &TestDb, id: i64) {
    let note = note::ActiveModel {
        id: Set(id),
        text: Set("one".to_owned()),
        version: Set(1),
        changed_at: Set(start()),
    };
    note.insert(&db.db).await.unwrap();
}

async fn send(
    client: &TestClient,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> TestResponse {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let has_body = method != Method::DELETE && method != Method::GET;
    let mut request = client.request(method, path);
    for (name, value) in fields {
        request = request.header(name, value);
    }
    if has_body {
        request = request.json(&json!({"text": "changed"}));
    }
    request.await
}

fn tag_of(response: &TestResponse) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn preconditions_are_in_the_statement() {
    for db in both(Db::options()).await {
        let client = client(&db).await;
        for (path, by_time) in [("/notes/1", true), ("/hooked/1", false), ("/timed/1", true)] {
            let methods: &[&str] = match path {
                "/timed/1" => &["PUT", "DELETE"],
                _ => &["PUT", "PATCH", "DELETE"],
            };
            for method in methods {
                execute(&db.db, "DELETE FROM conditional_note").await;
                insert(&db, 1).await;
                let read = client.get(path).await;
                let current = tag_of(&read);
                assert_eq!(read.headers().contains_key("last-modified"), by_time);
                let weak = format!("W/{current}");
                let mut refused = vec![
                    ("if-match", "\"2-0\""),
                    ("if-match", "\"other\""),
                    ("if-match", "\"\""),
                    ("if-match", &weak),
                    ("if-match", "\"99999999999999999999-0\""),
                    ("if-match", "\"1' OR 1=1 --0\""),
                    ("if-none-match", "*"),
                    ("if-none-match", &weak),
                ];
                if by_time {
                    assert_eq!(read.headers()["last-modified"], AT);
                    refused.push(("if-unmodified-since", BEFORE));
                }
                for field in refused {
                    let response = send(&client, method, path, &[field]).await;
                    let text = response.text();
                    assert_eq!(response.status(), 412, "{method} {path} {field:?}: {text}");
                    assert_eq!(tag_of(&client.get(path).await), current);
                }
                let missing = path.replace('1', "7");
                let missing = send(&client, method, &missing, &[("if-match", "*")]).await;
                assert_eq!(missing.status(), 404, "{method} {path}");
                let accepted: &[(&str, &str)] = if by_time {
                    &[
                        ("if-match", &current),
                        ("if-none-match", "\"x\""),
                        ("if-unmodified-since", AT),
                    ]
                } else {
                    &[("if-match", &current), ("if-none-match", "\"x\"")]
                };
                let changed = send(&client, method, path, accepted).await;
                assert!(
                    changed.status().is_success(),
                    "{method} {path}: {}",
                    changed.text()
                );
                if *method != "DELETE" {
                    assert_eq!(tag_of(&changed), tag_of(&client.get(path).await));
                    assert_ne!(tag_of(&changed), current);
                }
            }
        }
    }
}

/// One is told 200, and the others that they undo a change which they have not seen.
#[tokio::test]
async fn of_100_changes_with_one_tag_one_is_made() {
    for db in both(Db::options()).await {
        let client = Arc::new(client(&db).await);
        for path in ["/notes/1", "/hooked/2"] {
            let tag = tag_of(&client.get(path).await);
            let changes = (0..100).map(|_| {
                let (client, tag) = (Arc::clone(&client), tag.clone());
                tokio::spawn(async move {
                    send(&client, "PUT", path, &[("if-match", &tag)])
                        .await
                        .status()
                })
            });
            let changes: Vec<_> = changes.collect();
            let mut statuses = Vec::new();
            for change in changes {
                statuses.push(change.await.unwrap());
            }
            let made = statuses.iter().filter(|status| **status == 200).count();
            let told = statuses.iter().filter(|status| **status == 412).count();
            assert_eq!(
                (made, told),
                (1, 99),
                "{path} {:?}: {statuses:?}",
                db.get_database_backend()
            );
            let version = client.get(path).await;
            assert!(tag_of(&version).starts_with("\"2-"));
        }
    }
}

#[tokio::test]
async fn a_read_is_revalidated_by_its_content() {
    for db in both(Db::options()).await {
        let client = client(&db).await;
        for path in ["/notes/1", "/notes"] {
            let tag = tag_of(&client.get(path).await);
            let again = send(&client, "GET", path, &[("if-none-match", &tag)]).await;
            assert_eq!(again.status(), 304, "{path}");
            // The version of the note stays, and its content does not.
            let name = path.len();
            let sql = format!("INSERT INTO conditional_tag (note_id, name) VALUES (1, '{name}')");
            execute(&db.db, &sql).await;
            let other = send(&client, "GET", path, &[("if-none-match", &tag)]).await;
            assert_eq!(other.status(), 200, "{path}");
        }
        let since = &[("if-modified-since", AT)];
        let current = send(&client, "GET", "/notes/1", since).await;
        assert_eq!(current.status(), StatusCode::NOT_MODIFIED);
        execute(
            &db.db,
            "DELETE FROM conditional_tag; DELETE FROM conditional_note",
        )
        .await;
        let created = send(&client, "POST", "/notes", &[("prefer", "return=minimal")]).await;
        assert_eq!((created.status().as_u16(), created.text()), (201, ""));
        assert!(tag_of(&created).starts_with("\"1-"));
    }
}

#[tokio::test]
async fn a_change_of_nothing_has_preconditions_too() {
    for db in both(Db::options()).await {
        let client = client(&db).await;
        let nothing = |tag: &str| {
            let request = client.request(Method::PATCH, "/notes/1");
            request.header("if-match", tag).json(&json!({}))
        };
        assert_eq!(nothing("\"2-0\"").await.status(), 412);
        assert_eq!(nothing("\"1-0\"").await.status(), 200);
        // The version in a body is a conflict, as it was.
        let body = json!({"text": "changed", "version": 7});
        let conflict = client.patch("/notes/1").json(&body).await;
        assert_eq!(conflict.status(), 409);
        let both = client.patch("/notes/1").header("if-match", "\"1-0\"");
        assert_eq!(both.json(&body).await.status(), 409);
    }
}

/// A hook by hand that ignores `If-Match` would undo changes, so it is a visible error.
#[tokio::test]
async fn a_hook_by_hand_must_look_at_the_preconditions() {
    let [db, _] = both(Db::options()).await;
    let client = client(&db).await;
    for (tag, text) in [("\"1-0\"", "\"2 rows\""), ("\"7-0\"", "\"0 rows\"")] {
        let update = send(&client, "PUT", "/by-hand/1", &[("if-match", tag)]).await;
        assert_eq!(update.text(), text);
    }
    assert_eq!(
        send(&client, "DELETE", "/by-hand/1", &[]).await.status(),
        204
    );
    let forgotten = send(&client, "DELETE", "/by-hand/1", &[("if-match", "*")]).await;
    assert_eq!(forgotten.status(), 500);
}

#[tokio::test]
async fn a_list_by_hand_has_a_tag_too() {
    let [db, _] = both(Db::options()).await;
    let client = client(&db).await;
    let list = client.get("/by-hand").await;
    assert_eq!(list.headers()["cache-control"], "private, no-cache");
    let tag = tag_of(&list);
    let again = send(&client, "GET", "/by-hand", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}
