//! Constraints of the database as answers of model resources: by a statement, in a transaction with hooks, and in bulk.

use std::sync::atomic::{AtomicUsize, Ordering};

use resourceful::prelude::*;
use resourceful::{Bulk, BulkResults};
use resourceful_db::prelude::*;
use resourceful_db::{DbErrorKind, bulk_create};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait};
use serde_json::{Value, json};

use crate::dbs::{TestDb, both, execute};

mod owner {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "owner")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub code: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod place {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "place")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub region: String,
        #[sea_orm(primary_key)]
        pub city: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod gadget {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "state_list")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub slug: String,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub email: Option<String>,
        pub serial_number: Option<String>,
        pub state: Option<String>,
        pub state_code: Option<i64>,
        pub kind: Option<String>,
        pub low: Option<i64>,
        pub high: Option<i64>,
        pub price: Option<i64>,
        pub note: Option<String>,
        pub owner_id: Option<i64>,
        pub owner_code: Option<String>,
        pub maker_id: Option<i64>,
        pub region: Option<String>,
        pub city: Option<String>,
        pub hidden: Option<i64>,
        pub hidden_state: Option<i64>,
        pub count: i64,
        pub version: i64,
        pub deleted_at: Option<DateTimeUtc>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::owner::Entity",
            from = "Column::OwnerId",
            to = "super::owner::Column::Id"
        )]
        Owner,
        #[sea_orm(
            belongs_to = "super::owner::Entity",
            from = "Column::OwnerCode",
            to = "super::owner::Column::Code"
        )]
        OwnerByCode,
        #[sea_orm(
            belongs_to = "super::place::Entity",
            from = "(Column::Region, Column::City)",
            to = "(super::place::Column::Region, super::place::Column::City)"
        )]
        Place,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug, Serialize, JsonSchema, Item)]
#[item(entity = owner::Entity)]
struct Owner {
    id: i64,
    code: String,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = owner::Entity)]
#[garde(allow_unvalidated)]
struct NewOwner {
    code: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema, Item)]
#[item(entity = gadget::Entity)]
struct Gadget {
    id: i64,
    slug: String,
    count: i64,
    version: i64,
}

/// The members of both bodies, which differ in their types.
macro_rules! body {
    ($name:ident, $wrapper:ident) => {
        #[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
        #[changeset(entity = gadget::Entity)]
        #[serde(rename_all = "camelCase")]
        #[garde(allow_unvalidated)]
        struct $name {
            #[serde(rename = "path/na~me", default)]
            slug: $wrapper<String>,
            #[serde(default)]
            first_name: $wrapper<Option<String>>,
            #[serde(default)]
            last_name: $wrapper<Option<String>>,
            #[serde(default)]
            email: $wrapper<Option<String>>,
            #[serde(default)]
            serial_number: $wrapper<Option<String>>,
            #[serde(default)]
            state: $wrapper<Option<String>>,
            #[serde(default)]
            state_code: $wrapper<Option<i64>>,
            #[serde(default)]
            kind: $wrapper<Option<String>>,
            #[serde(default)]
            low: $wrapper<Option<i64>>,
            #[serde(default)]
            high: $wrapper<Option<i64>>,
            #[serde(default)]
            price: $wrapper<Option<i64>>,
            #[serde(default)]
            note: $wrapper<Option<String>>,
            #[serde(default)]
            owner_id: $wrapper<Option<i64>>,
            #[serde(default)]
            owner_code: $wrapper<Option<String>>,
            #[serde(default)]
            maker_id: $wrapper<Option<i64>>,
            #[serde(default)]
            region: $wrapper<Option<String>>,
            #[serde(default)]
            city: $wrapper<Option<String>>,
            #[serde(default)]
            count: $wrapper<i64>,
            #[serde(default)]
            version: $wrapper<i64>,
        }
    };
}

body!(NewGadget, Change);
body!(GadgetChanges, Change);

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct ManyGadgets {
    gadgets: Bulk<NewGadget>,
}

#[derive(AsRef)]
struct Owners(#[as_ref] Db);

#[resource(only(update, destroy))]
impl ModelResource for Owners {
    type Access = Public;
    type Entity = owner::Entity;
    type Item = Owner;
    type Create = NewOwner;

    fn visible(&self, _: &Request) -> Scope<owner::Entity> {
        Scope::all()
    }
}

fn number(request: &Request, name: &str) -> Option<i64> {
    request.header(name).and_then(|value| value.parse().ok())
}

macro_rules! gadgets {
    ($name:ident: $($hooks:tt)*) => {
        #[resource(name = "gadgets")]
        impl ModelResource for $name {
            type Access = Public;
            type Entity = gadget::Entity;
            type Item = Gadget;
            type Create = NewGadget;
            type PartialUpdate = GadgetChanges;
            type Query = Unpaged;

            fn visible(&self, _: &Request) -> Scope<gadget::Entity> {
                Scope::all()
            }

            fn version() -> Option<gadget::Column> {
                Some(gadget::Column::Version)
            }

            fn deleted_at() -> Option<gadget::Column> {
                Some(gadget::Column::DeletedAt)
            }

            fn fill_create(
                &self,
                request: &Request,
                gadget: &mut gadget::ActiveModel,
            ) -> Result<(), DbError> {
                gadget.hidden = Set(number(request, "hidden"));
                gadget.hidden_state = Set(number(request, "hidden-state"));
                Ok(())
            }

            fn fill_update(
                &self,
                request: &Request,
                gadget: &mut gadget::ActiveModel,
            ) -> Result<(), DbError> {
                if let Some(hidden) = number(request, "hidden") {
                    gadget.hidden = Set(Some(hidden));
                }
                if let Some(hidden) = number(request, "hidden-state") {
                    gadget.hidden_state = Set(Some(hidden));
                }
                Ok(())
            }

            #[action(POST, "bulk")]
            async fn bulk(
                &self,
                request: &Request,
                many: ManyGadgets,
            ) -> Result<BulkResults<Gadget>, DbError> {
                bulk_create(self, request, many.gadgets).await
            }

            $($hooks)*
        }
    };
}

#[derive(AsRef)]
struct Plain(#[as_ref] Db);

gadgets!(Plain:);

/// The same in transactions. A header names a row that an update changes, too.
#[derive(AsRef)]
struct Hooked {
    #[as_ref]
    db: Db,
    /// Both have locked their row before either goes on.
    barrier: tokio::sync::Barrier,
    updates: AtomicUsize,
}

gadgets!(Hooked:
    async fn after_create(&self, _: &Request, _: &Tx, _: &gadget::Model) -> Result<(), DbError> {
        Ok(())
    }

    async fn before_update(
        &self,
        request: &Request,
        tx: &Tx,
        _: &gadget::Model,
        _: &mut gadget::ActiveModel,
    ) -> Result<(), DbError> {
        let before = self.updates.fetch_add(1, Ordering::SeqCst);
        if let Some(other) = number(request, "other") {
            if before < 2 && self.db.backend() == DbBackend::Postgres {
                self.barrier.wait().await;
            }
            let also = format!("UPDATE state_list SET count = count + 1 WHERE id = {other}");
            tx.execute_unprepared(&also).await?;
        }
        if request.header("conflict").is_some() {
            let fail = "DO $$ BEGIN RAISE EXCEPTION 'a' USING ERRCODE = '40001'; END $$";
            tx.execute_unprepared(fail).await?;
        }
        Ok(())
    }
);

async fn create_tables(db: &Db) {
    let id = match db.backend() {
        DbBackend::Sqlite => "integer PRIMARY KEY",
        _ => "bigserial PRIMARY KEY",
    };
    for sql in [
        &format!("CREATE TABLE owner (id {id}, code text NOT NULL UNIQUE)"),
        "CREATE TABLE place (region text, city text, PRIMARY KEY (region, city))",
        &format!(
            "CREATE TABLE state_list (id {id}, slug text NOT NULL UNIQUE, first_name text, last_name text, \
             email text, serial_number text, state text CHECK (state <> 'bad'), \
             state_code bigint CHECK (state_code >= 0), kind text CHECK (\"kind\" NOT IN ('price', 'state')), \
             low bigint, high bigint, \
             price bigint CONSTRAINT positive_price CHECK (price > 0), note text NOT NULL DEFAULT '', \
             owner_id bigint REFERENCES owner (id), owner_code text REFERENCES owner (code), \
             maker_id bigint REFERENCES owner (id), region text, city text, \
             hidden bigint UNIQUE, hidden_state bigint CHECK (hidden_state > 0), \
             count bigint NOT NULL DEFAULT 0, version bigint NOT NULL, \
             deleted_at timestamp with time zone, UNIQUE (first_name, last_name), CHECK (low <= high), \
             FOREIGN KEY (region, city) REFERENCES place (region, city))"
        ),
        "CREATE UNIQUE INDEX by_email ON state_list (lower(email))",
        "CREATE UNIQUE INDEX by_serial ON state_list (serial_number) WHERE deleted_at IS NULL",
        "INSERT INTO owner (id, code) VALUES (1000, 'one'), (1001, 'two')",
        "INSERT INTO place VALUES ('a', 'b'), ('c', 'd')",
    ] {
        execute(db, sql).await;
    }
}

fn client(db: &Db) -> TestClient {
    let hooked = Hooked {
        db: db.clone(),
        barrier: tokio::sync::Barrier::new(2),
        updates: AtomicUsize::new(0),
    };
    let app = App::new()
        .resource("/owners", Owners(db.clone()))
        .resource("/plain", Plain(db.clone()))
        .resource("/hooked", hooked);
    TestClient::new(app).unwrap()
}

async fn with_client() -> Vec<(TestDb, TestClient)> {
    let options = Db::options().entity(gadget::Entity).entity(owner::Entity);
    let mut all = Vec::new();
    for db in both(options).await {
        create_tables(&db).await;
        let client = client(&db);
        all.push((db, client));
    }
    all
}

const SLUG: &str = "path/na~me";

/// A body with a slug of its own, unless `members` have one.
fn body(members: &Value) -> Value {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let slug = format!("slug-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut body = json!({SLUG: slug});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The places that the errors of a problem name, each of which must be in the body.
fn pointers(problem: &Value, body: &Value, context: &str) -> Vec<String> {
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let pointer = |error: &Value| {
        let pointer = error["pointer"].as_str().unwrap();
        let pointer = pointer.strip_prefix('#').unwrap().to_owned();
        assert!(
            body.pointer(&pointer).is_some(),
            "{context}: {pointer} is not in {body}"
        );
        pointer
    };
    let mut pointers: Vec<_> = errors.iter().map(pointer).collect();
    pointers.sort();
    pointers
}

/// The text of a problem in the results of a bulk action.
fn text_in_bulk(problem: &Value) -> String {
    let Some(errors) = problem["errors"].as_array() else {
        return problem["detail"].as_str().unwrap().to_owned();
    };
    let text = |error: &Value| {
        let pointer = error["pointer"].as_str().unwrap().trim_start_matches("#/");
        format!("{pointer}: {}", error["detail"].as_str().unwrap())
    };
    let texts: Vec<_> = errors.iter().map(text).collect();
    texts.join("; ")
}

/// A row that is there, and members that a constraint refuses beside it: with the status, and the members that the
/// errors name.
struct Case {
    there: Value,
    refused: Value,
    status: u16,
    named: &'static [&'static str],
}

fn case(there: Value, refused: Value, status: u16, named: &'static [&'static str]) -> Case {
    Case {
        there,
        refused,
        status,
        named,
    }
}

fn cases(backend: DbBackend) -> Vec<Case> {
    let nothing = json!({});
    // SQLite does not name the foreign key, and no relation of the entity has this one.
    let (unknown, named): (u16, &[&str]) = match backend {
        DbBackend::Sqlite => (409, &[]),
        _ => (422, &["/makerId"]),
    };
    vec![
        case(
            json!({SLUG: "a"}),
            json!({SLUG: "a"}),
            422,
            &["/path~1na~0me"],
        ),
        case(
            json!({"firstName": "a", "lastName": "b"}),
            json!({"firstName": "a", "lastName": "b"}),
            422,
            &["/firstName", "/lastName"],
        ),
        case(
            json!({"serialNumber": "a"}),
            json!({"serialNumber": "a"}),
            422,
            &["/serialNumber"],
        ),
        // An index of an expression has no columns.
        case(json!({"email": "a"}), json!({"email": "A"}), 409, &[]),
        case(nothing.clone(), json!({"state": "bad"}), 422, &["/state"]),
        case(
            nothing.clone(),
            json!({"stateCode": -1}),
            422,
            &["/stateCode"],
        ),
        case(nothing.clone(), json!({"kind": "state"}), 422, &["/kind"]),
        case(
            nothing.clone(),
            json!({"kind": "price", "price": 1, "state": "a"}),
            422,
            &["/kind"],
        ),
        case(nothing.clone(), json!({"price": 0}), 422, &["/price"]),
        // Of several columns.
        case(nothing.clone(), json!({"low": 2, "high": 1}), 409, &[]),
        case(nothing.clone(), json!({"note": null}), 422, &["/note"]),
        case(nothing.clone(), json!({"ownerId": 7}), 422, &["/ownerId"]),
        case(
            nothing.clone(),
            json!({"ownerCode": "x", "ownerId": 1000}),
            422,
            &["/ownerCode"],
        ),
        case(
            nothing.clone(),
            json!({"region": "a", "city": "d"}),
            422,
            &["/city", "/region"],
        ),
        case(nothing, json!({"makerId": 7}), unknown, named),
    ]
}

#[tokio::test]
async fn errors_name_the_members_of_the_body() {
    let mut wrong = Vec::new();
    for (db, client) in with_client().await {
        for path in ["/plain", "/hooked"] {
            for case in cases(db.backend()) {
                let context = format!("{:?} {path} {}", db.backend(), case.refused);
                let there = client.post(path).json(&body(&case.there)).await;
                assert_eq!(there.status(), 201, "{context}: {}", there.text());
                let other = client.post(path).json(&body(&json!({}))).await;
                let other = format!("{path}/{}", other.json()["id"]);

                let new = body(&case.refused);
                let created = client.post(path).json(&new).await.json();
                let bulk = json!({"gadgets": [body(&json!({})), new, body(&json!({}))]});
                let results = client.post(&format!("{path}/bulk")).json(&bulk).await;
                let results = results.json();
                assert_eq!(results["succeeded"][1]["index"], 2, "{context}: {results}");
                let changed = client.patch(&other).json(&case.refused).await.json();
                assert_eq!(client.get(&other).await.json()["version"], 1, "{context}");

                let text = results["failed"][0]["error"].as_str().unwrap();
                if text != text_in_bulk(&created) {
                    wrong.push(format!("{context}: bulk: {text}"));
                }
                for (kind, problem, body) in [
                    ("create", &created, &new),
                    ("change", &changed, &case.refused),
                ] {
                    let named = pointers(problem, body, &context);
                    if problem["status"] != case.status || named != case.named {
                        wrong.push(format!("{context}: {kind}: {problem}"));
                    }
                }
                // Out of the way of the other path.
                let gone = gadget::Entity::delete_by_id(there.json()["id"].as_i64().unwrap());
                gone.exec(&db.db).await.unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A change of one column of two, of which the body has only this one.
#[tokio::test]
async fn errors_name_no_members_that_the_body_leaves_out() {
    for (db, client) in with_client().await {
        for path in ["/plain", "/hooked"] {
            let context = format!("{:?} {path}", db.backend());
            let names = |last: &str| json!({"firstName": path, "lastName": last, "region": "a", "city": "b"});
            for last in ["a", "b"] {
                let created = client.post(path).json(&body(&names(last))).await;
                assert_eq!(created.status(), 201, "{context}: {}", created.text());
                if last == "b" {
                    let item = format!("{path}/{}", created.json()["id"]);
                    for (changes, named) in [
                        (json!({"lastName": "a"}), "/lastName"),
                        (json!({"city": "x"}), "/city"),
                    ] {
                        let changed = client.patch(&item).json(&changes).await;
                        assert_eq!(changed.status(), 422, "{context}: {}", changed.text());
                        assert_eq!(pointers(&changed.json(), &changes, &context), [named]);
                    }
                }
            }
        }
    }
}

/// Columns that the resource fills.
#[tokio::test]
async fn a_constraint_on_columns_that_the_body_lacks_is_a_conflict() {
    for (db, client) in with_client().await {
        for path in ["/plain", "/hooked"] {
            let hidden = if path == "/plain" { "1" } else { "2" };
            let first = client
                .post(path)
                .header("hidden", hidden)
                .json(&body(&json!({})));
            assert_eq!(first.await.status(), 201);
            let second = client.post(path).json(&body(&json!({}))).await;
            let item = format!("{path}/{}", second.json()["id"]);
            for (header, value) in [("hidden", hidden), ("hidden-state", "0")] {
                let context = format!("{:?} {path} {header}", db.backend());
                let new = body(&json!({"state": "a"}));
                let created = client.post(path).header(header, value).json(&new).await;
                let changes = json!({"state": "b"});
                let changed = client
                    .patch(&item)
                    .header(header, value)
                    .json(&changes)
                    .await;
                for response in [created, changed] {
                    assert_eq!(response.status(), 409, "{context}: {}", response.text());
                    assert_eq!(response.json()["errors"], Value::Null, "{context}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_row_that_is_in_use_is_a_conflict() {
    for (db, client) in with_client().await {
        let context = format!("{:?}", db.backend());
        let new = body(&json!({"ownerId": 1000, "ownerCode": "two"}));
        assert_eq!(client.post("/plain").json(&new).await.status(), 201);
        for owner in ["/owners/1000", "/owners/1001"] {
            let deleted = client.delete(owner).await;
            assert_eq!(deleted.status(), 409, "{context}: {}", deleted.text());
        }
        // The new code is not at fault: others refer to the old one.
        let changed = client.put("/owners/1001").json(&json!({"code": "x"})).await;
        assert_eq!(changed.status(), 409, "{context}: {}", changed.text());
        let changed = client.put("/owners/1000").json(&json!({"code": "x"})).await;
        assert_eq!(changed.status(), 200, "{context}: {}", changed.text());
    }
}

/// PostgreSQL 18 has a code of its own for `ON DELETE RESTRICT`.
#[tokio::test]
async fn a_restricted_deletion_is_an_error_of_a_foreign_key() {
    let [_, db] = both(Db::options()).await;
    let raise = "DO $$ BEGIN RAISE EXCEPTION 'a' USING ERRCODE = 'restrict_violation'; END $$";
    let error = DbError::from(db.execute_unprepared(raise).await.unwrap_err());
    assert_eq!(error.kind(), DbErrorKind::ForeignKey, "{error}");
}

/// Its row is there still, and only an index with a condition leaves it out.
#[tokio::test]
async fn a_deleted_row_keeps_its_unique_values() {
    for (db, client) in with_client().await {
        for path in ["/plain", "/hooked"] {
            let context = format!("{:?} {path}", db.backend());
            let members = json!({SLUG: path, "serialNumber": path});
            let created = client.post(path).json(&members).await;
            let item = format!("{path}/{}", created.json()["id"]);
            assert_eq!(client.delete(&item).await.status(), 204, "{context}");
            assert_eq!(client.get(&item).await.status(), 404, "{context}");
            let again = client.post(path).json(&members).await;
            assert_eq!(again.status(), 422, "{context}: {}", again.text());
            assert_eq!(
                pointers(&again.json(), &members, &context),
                ["/path~1na~0me"]
            );
            let serial = body(&json!({"serialNumber": path}));
            assert_eq!(
                client.post(path).json(&serial).await.status(),
                201,
                "{context}"
            );
        }
    }
}

#[tokio::test]
async fn items_that_collide_in_bulk_leave_the_others() {
    for (db, client) in with_client().await {
        for path in ["/plain", "/hooked"] {
            let context = format!("{:?} {path}", db.backend());
            let taken = json!({SLUG: format!("{path}-taken")});
            assert_eq!(client.post(path).json(&taken).await.status(), 201);
            let twice = json!({SLUG: format!("{path}-twice")});
            for (items, expected) in [
                // Two with a row, and two with each other.
                (
                    [
                        taken.clone(),
                        body(&json!({})),
                        taken,
                        body(&json!({})),
                        body(&json!({})),
                    ],
                    vec![0, 2],
                ),
                (
                    [
                        twice.clone(),
                        body(&json!({})),
                        twice,
                        body(&json!({})),
                        body(&json!({})),
                    ],
                    vec![2],
                ),
            ] {
                let count = async || {
                    client.get(path).await.json()["gadgets"]
                        .as_array()
                        .unwrap()
                        .len()
                };
                let before = count().await;
                let bulk = json!({"gadgets": items});
                let results = client
                    .post(&format!("{path}/bulk"))
                    .json(&bulk)
                    .await
                    .json();
                let failed = results["failed"].as_array().unwrap();
                let indices: Vec<_> = failed
                    .iter()
                    .map(|item| item["index"].as_u64().unwrap())
                    .collect();
                assert_eq!(indices, expected, "{context}: {results}");
                for item in failed {
                    assert_eq!(item["error"], "path~1na~0me: is taken", "{context}");
                }
                assert_eq!(count().await, before + 5 - expected.len(), "{context}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_updates_with_one_version_exactly_one_wins() {
    for (db, client) in with_client().await {
        for path in ["/plain", "/hooked"] {
            let context = format!("{:?} {path}", db.backend());
            let created = client.post(path).json(&body(&json!({}))).await;
            let item = format!("{path}/{}", created.json()["id"]);
            let patches = (1..=100).map(|count| {
                let (client, item) = (client.clone(), item.clone());
                tokio::spawn(async move {
                    let changes = json!({"count": count, "version": 1});
                    (count, client.patch(&item).json(&changes).await)
                })
            });
            let mut winners = Vec::new();
            for patch in patches.collect::<Vec<_>>() {
                let (count, response) = patch.await.unwrap();
                match response.status().as_u16() {
                    200 => winners.push(count),
                    status => assert_eq!(status, 409, "{context}: {}", response.text()),
                }
            }
            let stored = client.get(&item).await.json();
            assert_eq!(winners, [stored["count"].as_i64().unwrap()], "{context}");
            assert_eq!(stored["version"], 2, "{context}");
        }
    }
}

/// Each reads the row and counts one up, again after a conflict.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_with_a_version_is_lost() {
    for (db, client) in with_client().await {
        for path in ["/plain", "/hooked"] {
            let created = client.post(path).json(&body(&json!({}))).await;
            let item = format!("{path}/{}", created.json()["id"]);
            let counters = (0..10).map(|_| {
                let (client, item) = (client.clone(), item.clone());
                tokio::spawn(async move {
                    let mut left = 5;
                    while left > 0 {
                        let read = client.get(&item).await.json();
                        let count = read["count"].as_i64().unwrap() + 1;
                        let changes = json!({"count": count, "version": read["version"]});
                        let response = client.patch(&item).json(&changes).await;
                        left -= i32::from(response.status() == 200);
                    }
                })
            });
            for counter in counters.collect::<Vec<_>>() {
                counter.await.unwrap();
            }
            let stored = client.get(&item).await.json();
            let context = format!("{:?} {path}: {stored}", db.backend());
            assert_eq!(
                (&stored["count"], &stored["version"]),
                (&json!(50), &json!(51)),
                "{context}"
            );
        }
    }
}

/// On PostgreSQL one of two is rolled back by the server, and runs again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_in_a_deadlock_both_succeed() {
    for (db, client) in with_client().await {
        let context = format!("{:?}", db.backend());
        let mut ids = Vec::new();
        for _ in 0..2 {
            let created = client.post("/hooked").json(&body(&json!({}))).await;
            ids.push(created.json()["id"].as_i64().unwrap());
        }
        let patch = |id: i64, other: i64| {
            let request = client.patch(&format!("/hooked/{id}"));
            request
                .header("other", &other.to_string())
                .json(&json!({"state": "a"}))
        };
        let before = db.statistics().retries;
        let (one, two) = tokio::join!(async { patch(ids[0], ids[1]).await }, async {
            patch(ids[1], ids[0]).await
        });
        for response in [one, two] {
            assert_eq!(response.status(), 200, "{context}: {}", response.text());
        }
        let repeated = db.statistics().retries - before;
        assert_eq!(
            repeated,
            u64::from(db.backend() == DbBackend::Postgres),
            "{context}"
        );
        // Neither was done twice.
        for id in ids {
            let stored = client.get(&format!("/hooked/{id}")).await.json();
            assert_eq!(
                (&stored["count"], &stored["version"]),
                (&json!(1), &json!(2)),
                "{context}"
            );
        }
    }
}

/// A transaction that is in conflict each time runs three times, and is then told to come later.
#[tokio::test]
async fn a_conflict_that_stays_is_503() {
    let [_, (db, client)] = &with_client().await[..] else {
        panic!("two databases");
    };
    let created = client.post("/hooked").json(&body(&json!({}))).await;
    let item = format!("/hooked/{}", created.json()["id"]);
    let before = db.statistics().retries;
    let request = client.patch(&item).header("conflict", "yes");
    let response = request.json(&json!({"state": "a"})).await;
    assert_eq!(response.status(), 503, "{}", response.text());
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(db.statistics().retries - before, 2);
    assert_eq!(client.get(&item).await.json()["version"], 1);
}
