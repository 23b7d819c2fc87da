//! Keys in the database of the rows: the effect and the response are there together, or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use resourceful::TestResponse;
use resourceful::prelude::*;
use resourceful_db::prelude::*;
use resourceful_db::{Model, bulk_create};
use resourceful_idempotency::{Idempotency, SqlIdempotency};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, Schema};
use serde_json::json;

use crate::databases::Database;

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
    only(create, update, destroy),
    requires_idempotency_key(create, update, destroy, bulk, by_hand, outside, undone)
)]
impl ModelResource for Notes {
    type Access = Public;
    type Entity = note::Entity;
    type Item = Note;
    type Create = NewNote;

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
        let insert = note::ActiveModel {
            text: sea_orm::Set(new.text),
            ..Default::default()
        };
        let note::Model { id, text } = note::Entity::insert(insert)
            .exec_with_returning(&tx)
            .await?;
        tx.commit().await?;
        Ok(Note { id, text })
    }

    /// Does nothing in the transaction.
    #[action(POST, "outside")]
    async fn outside(&self, _: &Request) -> Result<String, DbError> {
        Ok("done".to_owned())
    }

    /// Does not commit its part.
    #[action(POST, "undone")]
    async fn undone(&self, request: &Request, new: NewNote) -> Result<String, DbError> {
        let tx = self.db.begin_for(request).await?;
        let insert = note::ActiveModel {
            text: sea_orm::Set(new.text),
            ..Default::default()
        };
        note::Entity::insert(insert)
            .exec_without_returning(&tx)
            .await?;
        Ok("undone".to_owned())
    }
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

    async fn post(&self, path: &str, key: &str, text: &str) -> TestResponse {
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

fn is_replay(response: &TestResponse) -> bool {
    response.headers().contains_key("idempotency-replayed")
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
        assert_eq!((api.rows().await, api.committed()), (3, 5));
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
        // What a hook has not committed is undone, although its response is kept.
        assert_eq!(api.post("/notes/undone", "u", "u").await.status(), 200);
        assert!(is_replay(&api.post("/notes/undone", "u", "u").await));
        assert_eq!(api.rows().await, 1);
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
