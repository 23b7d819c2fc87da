//! Keys in the database of the rows: the effect and the response are there together, or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use resourceful::TestResponse;
use resourceful::prelude::*;
use resourceful_db::prelude::*;
use resourceful_db::{Model, actions, bulk_create};
use resourceful_idempotency::{Idempotency, SqlIdempotency};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, Schema};
use serde_json::json;
use tokio::sync::Notify;

use crate::databases::Database;
use crate::replay::is_replay;

mod note {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = note::Entity)]
struct Note {
    id: i64,
    text: String,
}

#[derive(Clone, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = note::Entity)]
struct NewNote {
    #[garde(length(max = 100))]
    text: String,
}

#[derive(Default, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = note::Entity)]
#[serde(default)]
struct NoteChanges {
    #[garde(skip)]
    text: Change<String>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct NewNotes {
    notes: Bulk<NewNote>,
}

#[derive(AsRef, Clone)]
struct Notes {
    #[as_ref]
    db: Db,
    #[as_ref]
    idempotency: Idempotency<()>,
    committed: Arc<AtomicU32>,
}

#[resource(
    only(create, update, partial_update, destroy),
    requires_idempotency_key(
        create,
        update,
        partial_update,
        destroy,
        bulk,
        by_hand,
        outside,
        undone,
        at_once,
        one_by_one,
        left_open
    )
)]
impl ModelResource for Notes {
    type Access = Public;
    type Entity = note::Entity;
    type Item = Note;
    type Create = NewNote;
    type PartialUpdate = NoteChanges;

    fn visible(&self, _: &Request) -> Scope<note::Entity> {
        Scope::all()
    }

    async fn after_create(&self, _: &Request, _: &Tx, note: &Model<Self>) -> Result<(), DbError> {
        match note.text.as_str() {
            "refused" => Err(Error::conflict("This text is refused.").into()),
            "broken" => Err(Error::internal("broken").into()),
            "panic" => panic!("broken"),
            _ => Ok(()),
        }
    }

    async fn on_commit(&self, _: &Request, _: Committed<Model<Self>>) {
        // The transaction is over: others see the row.
        assert_ne!(note::Entity::find().count(&self.db).await.unwrap(), 0);
        self.committed.fetch_add(1, Ordering::Relaxed);
    }

    #[action(POST, "bulk")]
    async fn bulk(
        &self,
        request: &Request,
        new: NewNotes,
    ) -> Result<resourceful::BulkResults<Note>, DbError> {
        bulk_create(self, request, new.notes).await
    }

    /// Writes by SeaORM, in a transaction of its own if there is no key.
    #[action(POST, "by-hand")]
    async fn by_hand(&self, request: &Request, new: NewNote) -> Result<Note, DbError> {
        let tx = self.db.begin_for(request).await?;
        let note = insert(new, &tx).await?;
        tx.commit().await?;
        Ok(note)
    }

    /// Does nothing in the transaction.
    #[action(POST, "outside")]
    async fn outside(&self, _: &Request) -> Result<String, DbError> {
        Ok("done".to_owned())
    }

    /// Begins two parts of the transaction at once.
    #[action(POST, "at-once")]
    async fn at_once(&self, request: &Request, new: NewNote) -> Result<Note, DbError> {
        let tx = self.db.begin_for(request).await?;
        let note = actions::create(self, request, new).await?;
        tx.commit().await?;
        Ok(note)
    }

    /// Commits one part, and leaves another one open.
    #[action(POST, "left-open")]
    async fn left_open(&self, request: &Request, new: NewNote) -> Result<Note, DbError> {
        let note = actions::create(self, request, new).await?;
        std::mem::forget(self.db.begin_for(request).await?);
        Ok(note)
    }

    /// Begins one part after the other.
    #[action(POST, "one-by-one")]
    async fn one_by_one(&self, request: &Request, new: NewNote) -> Result<Note, DbError> {
        let other = NewNote {
            text: format!("{} again", new.text),
        };
        actions::create::<Self, Note>(self, request, other).await?;
        actions::create(self, request, new).await
    }

    /// Does not commit its part.
    #[action(POST, "undone")]
    async fn undone(&self, request: &Request, new: NewNote) -> Result<String, DbError> {
        let tx = self.db.begin_for(request).await?;
        insert(new, &tx).await?;
        Ok("undone".to_owned())
    }
}

/// Inserts by SeaORM.
async fn insert(new: NewNote, tx: &Tx) -> Result<Note, DbError> {
    let insert = note::ActiveModel {
        text: sea_orm::Set(new.text),
        ..Default::default()
    };
    let insert = note::Entity::insert(insert);
    let note::Model { id, text } = insert.exec_with_returning(tx).await?;
    Ok(Note { id, text })
}

struct Api {
    notes: Notes,
    client: TestClient,
    _database: Database,
}

impl Api {
    async fn on(database: Database) -> Self {
        let db = database.db.clone();
        let schema = Schema::new(db.backend());
        db.execute(&schema.create_table_from_entity(note::Entity))
            .await
            .unwrap();
        let notes = Notes::on(db).await;
        Self {
            client: notes.client(),
            notes,
            _database: database,
        }
    }

    /// Sends a note, again while an attempt that was dropped is not rolled back yet.
    async fn post(&self, path: &str, key: &str, text: &str) -> TestResponse {
        loop {
            let response = self.post_once(path, key, text).await;
            if !response.headers().contains_key("retry-after") {
                return response;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn post_once(&self, path: &str, key: &str, text: &str) -> TestResponse {
        let request = self.client.post(path).header("idempotency-key", key);
        request.json(&json!({"text": text})).await
    }

    async fn rows(&self) -> u64 {
        note::Entity::find().count(&self.notes.db).await.unwrap()
    }

    fn committed(&self) -> u32 {
        self.notes.committed.load(Ordering::Relaxed)
    }
}

impl Notes {
    async fn on(db: Db) -> Self {
        let store = SqlIdempotency::new(db.clone()).await.unwrap();
        Self {
            db,
            idempotency: Idempotency::new(store, |(): &()| "all"),
            committed: Arc::default(),
        }
    }

    fn client(&self) -> TestClient {
        TestClient::new(App::new().resource("/notes", self.clone())).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_and_its_response_are_there_together() {
    for database in Database::both().await {
        let api = Api::on(database).await;
        for (key, path) in [("a", "/notes"), ("b", "/notes/by-hand")] {
            let first = api.post(path, key, key).await;
            assert!(first.status().is_success(), "{}", first.text());
            let again = api.post(path, key, key).await;
            assert!(is_replay(&again));
            assert_eq!(again.text(), first.text());
        }
        assert_eq!((api.rows().await, api.committed()), (2, 1));
        let put = || {
            api.client
                .put("/notes/1")
                .header("idempotency-key", "c")
                .json(&json!({"text": "c"}))
        };
        assert_eq!(put().await.status(), 200);
        assert!(is_replay(&put().await));
        let delete = || api.client.delete("/notes/1").header("idempotency-key", "d");
        assert_eq!(delete().await.status(), 204);
        assert_eq!(delete().await.status(), 204);
        assert_eq!((api.rows().await, api.committed()), (1, 3));
        let patch = |body: serde_json::Value| {
            let request = api.client.patch("/notes/2");
            let key = format!("patch {}", body.to_string().len());
            request.header("idempotency-key", &key).json(&body)
        };
        for body in [json!({}), json!({"text": "changed"})] {
            assert_eq!(patch(body.clone()).await.status(), 200, "{body}");
            assert!(is_replay(&patch(body).await));
        }
        let one_by_one = || api.post("/notes/one-by-one", "f", "f");
        assert_eq!(one_by_one().await.status(), 200);
        assert!(is_replay(&one_by_one().await));
        assert_eq!((api.rows().await, api.committed()), (3, 6));
        let many = json!({"notes": [{"text": "x"}, {"text": "refused"}, {"text": "y"}]});
        let bulk = || {
            api.client
                .post("/notes/bulk")
                .header("idempotency-key", "e")
                .json(&many)
        };
        let first = bulk().await;
        assert!(first.status().is_success(), "{}", first.text());
        assert_eq!(bulk().await.text(), first.text());
        assert_eq!((api.rows().await, api.committed()), (5, 8));
        // Replays at once wait for nothing.
        let replays = futures_util::future::join_all((0..20).map(|_| one_by_one())).await;
        assert!(replays.iter().all(is_replay));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_effect_is_undone_and_its_response_kept() {
    for database in Database::both().await {
        let api = Api::on(database).await;
        assert_eq!(api.post("/notes", "a", "taken").await.status(), 201);
        for (key, text, status) in [("refused", "refused", 409), ("taken", "taken", 422)] {
            let first = api.post("/notes", key, text).await;
            assert_eq!(first.status(), status, "{}", first.text());
            let again = api.post("/notes", key, text).await;
            assert!(is_replay(&again));
            assert_eq!(again.text(), first.text());
        }
        assert_eq!(
            api.post("/notes/by-hand", "hand", "taken").await.status(),
            409
        );
        assert!(is_replay(
            &api.post("/notes/by-hand", "hand", "taken").await
        ));
        assert_eq!((api.rows().await, api.committed()), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_effect_is_undone_and_may_come_again() {
    for database in Database::both().await {
        let api = Api::on(database).await;
        for text in ["broken", "panic"] {
            for _ in 0..2 {
                let response = api.post("/notes", text, text).await;
                assert_eq!(
                    (response.status().as_u16(), is_replay(&response)),
                    (500, false)
                );
            }
        }
        assert_eq!((api.rows().await, api.committed()), (0, 0));
        // A hook that commits nothing in the transaction.
        for _ in 0..2 {
            let response = api.post("/notes/undone", "u", "u").await;
            assert_eq!(
                (response.status().as_u16(), is_replay(&response)),
                (500, false)
            );
        }
        // Two parts at once would undo each other, and an open one would be committed with the others.
        for path in ["/notes/at-once", "/notes/left-open"] {
            for _ in 0..2 {
                let response = api.post(path, path, "p").await;
                let found = (response.status().as_u16(), is_replay(&response));
                assert_eq!(found, (500, false), "{path}");
            }
        }
        assert_eq!((api.rows().await, api.committed()), (0, 0));
        // A hook outside of the transaction would not be undone.
        for _ in 0..2 {
            let response = api
                .client
                .post("/notes/outside")
                .header("idempotency-key", "o")
                .await;
            assert_eq!(
                (response.status().as_u16(), is_replay(&response)),
                (500, false)
            );
        }
        assert_eq!(api.post("/notes", "o", "works").await.status(), 201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_requests_at_once_on_two_machines_one_has_an_effect() {
    for database in Database::both().await {
        let elsewhere = database.elsewhere().await;
        let api = Api::on(database).await;
        let other = Notes::on(elsewhere).await.client();
        for round in 0..20 {
            let text = round.to_string();
            let requests = (0..20).map(|number| {
                let client = if number % 2 == 0 { &api.client } else { &other };
                let request = client.post("/notes").header("idempotency-key", &text);
                request.json(&json!({"text": text}))
            });
            let responses =
                futures_util::future::join_all(requests.map(IntoFuture::into_future)).await;
            let mut bodies = Vec::new();
            for response in responses {
                match response.status().as_u16() {
                    201 => bodies.push((response.text().to_owned(), is_replay(&response))),
                    status => assert_eq!(status, 409, "{}", response.text()),
                }
            }
            assert_eq!(bodies.iter().filter(|(_, is_replay)| !is_replay).count(), 1);
            assert!(bodies.iter().all(|(body, _)| *body == bodies[0].0));
            assert_eq!(api.rows().await, round + 1);
        }
    }
}

/// Notes without hooks.
#[derive(AsRef, Clone)]
struct Plain {
    #[as_ref]
    db: Db,
    #[as_ref]
    idempotency: Idempotency<()>,
}

#[resource(only(list, create), requires_idempotency_key(create_and_count))]
impl ModelResource for Plain {
    type Access = Public;
    type Entity = note::Entity;
    type Item = Note;
    type Create = NewNote;
    type Query = PageNumber;

    fn visible(&self, _: &Request) -> Scope<note::Entity> {
        Scope::all()
    }

    /// Lists what it has created.
    #[action(POST, "create-and-count")]
    async fn create_and_count(&self, request: &Request, new: NewNote) -> Result<String, DbError> {
        actions::create::<Self, Note>(self, request, new).await?;
        let page = actions::list::<Self, Note>(self, request, PageNumber::FIRST).await?;
        Ok(page.total().unwrap_or_default().to_string())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_lists_what_it_has_created() {
    for database in Database::both().await {
        let api = Api::on(database).await;
        let plain = Plain {
            db: api.notes.db.clone(),
            idempotency: api.notes.idempotency.clone(),
        };
        let client = TestClient::new(App::new().resource("/plain", plain)).unwrap();
        let path = "/plain/create-and-count";
        for number in ["1", "2"] {
            let request = client.post(path).header("idempotency-key", number);
            let response = request.json(&json!({"text": number})).await;
            assert_eq!(response.json(), number, "{}", response.text());
        }
    }
}

/// A resource whose rows and keys are in two `Db`s, and which creates the items of another one.
#[derive(AsRef)]
struct Others {
    #[as_ref]
    idempotency: Idempotency<()>,
    notes: Notes,
    elsewhere: Plain,
}

#[resource(requires_idempotency_key(elsewhere, model_elsewhere, of_another))]
impl AsyncResource for Others {
    type Access = Public;
    type Error = DbError;

    #[action(POST, "elsewhere")]
    async fn elsewhere(&self, request: &Request) -> Result<String, DbError> {
        let tx = self.elsewhere.db.begin_for(request).await?;
        tx.commit().await?;
        Ok("done".to_owned())
    }

    #[action(POST, "model-elsewhere")]
    async fn model_elsewhere(&self, request: &Request) -> Result<Note, DbError> {
        let new = NewNote {
            text: "elsewhere".to_owned(),
        };
        actions::create(&self.elsewhere, request, new).await
    }

    /// The `on_commit` of notes could not run.
    #[action(POST, "of-another")]
    async fn of_another(&self, request: &Request) -> Result<Note, DbError> {
        let new = NewNote {
            text: "of another".to_owned(),
        };
        actions::create(&self.notes, request, new).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_would_not_be_whole_is_undone() {
    for database in Database::both().await {
        let elsewhere = database.elsewhere().await;
        let api = Api::on(database).await;
        let others = Others {
            idempotency: api.notes.idempotency.clone(),
            notes: api.notes.clone(),
            elsewhere: Plain {
                db: elsewhere,
                idempotency: api.notes.idempotency.clone(),
            },
        };
        let client = TestClient::new(App::new().resource("/others", others)).unwrap();
        for path in [
            "/others/elsewhere",
            "/others/model-elsewhere",
            "/others/of-another",
        ] {
            let response = client.post(path).header("idempotency-key", path).await;
            assert_eq!(response.status(), 500, "{path}");
        }
        assert_eq!((api.rows().await, api.committed()), (0, 0));
    }
}

/// Notes of which one is created at a time.
#[derive(AsRef)]
struct Slow {
    #[as_ref]
    idempotency: Idempotency<()>,
    db: Db,
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

#[resource(accepts_idempotency_key(create))]
impl AsyncResource for Slow {
    type Access = Public;
    const MAX_CONCURRENT_REQUESTS: Option<usize> = Some(1);

    async fn create(&self, request: &Request, new: NewNote) -> Result<Note> {
        self.begun.notify_one();
        self.go_on.notified().await;
        let tx = self.db.begin_for(request).await?;
        let note = insert(new, &tx).await?;
        tx.commit().await?;
        Ok(note)
    }
}

/// A request that waits for its turn holds no transaction, which the one before it may need to end.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_holds_no_transaction() {
    for database in Database::both().await {
        let api = Api::on(database).await;
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = Slow {
            idempotency: api.notes.idempotency.clone(),
            db: api.notes.db.clone(),
            begun: Arc::clone(&begun),
            go_on: Arc::clone(&go_on),
        };
        let client = TestClient::new(App::new().resource("/slow", slow)).unwrap();
        let first = client.post("/slow").json(&json!({"text": "first"}));
        let second = client.post("/slow").header("idempotency-key", "second");
        let second = second.json(&json!({"text": "second"}));
        let writes = async {
            begun.notified().await;
            // The second request is polled, and could begin its transaction.
            for number in 0..20 {
                let text = number.to_string();
                assert_eq!(api.post("/notes", &text, &text).await.status(), 201);
            }
            go_on.notify_one();
            begun.notified().await;
            go_on.notify_one();
        };
        let (first, second, ()) = tokio::join!(first.into_future(), second.into_future(), writes);
        assert_eq!(
            (first.status().as_u16(), second.status().as_u16()),
            (201, 201)
        );
        assert_eq!(api.rows().await, 22);
    }
}
