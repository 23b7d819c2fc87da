//! Actions of model resources whose futures are dropped at every await, and at random times: a row and the one that
//! a hook writes beside it are both there or both not, and nothing acknowledged is lost.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use resourceful::Bulk;
use resourceful::prelude::*;
use resourceful_db::{
    Changeset, Db, DbError, DbOptions, Item, ItemId, ModelResource, Scope, Tx, actions, bulk_create,
};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde_json::json;

use crate::dbs::{TestDb, both, create_table};
use crate::dropped::{assert_settled, poll_times};

macro_rules! entity {
    ($module:ident, $table:literal) => {
        mod $module {
            use sea_orm::entity::prelude::*;
            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: i64,
                pub value: i64,
            }
            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}
            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(pair, "pair");
// The row that the hooks of a pair write.
entity!(mirror, "mirror");
// Rows without hooks.
entity!(plain, "plain");

#[derive(Clone, Debug, Serialize, JsonSchema, Item)]
#[item(entity = pair::Entity)]
struct Pair {
    id: i64,
    value: i64,
}

#[derive(Clone, Debug, Serialize, JsonSchema, Item)]
#[item(entity = plain::Entity)]
struct Plain {
    id: i64,
    value: i64,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = pair::Entity)]
#[garde(allow_unvalidated)]
struct NewPair {
    id: i64,
    value: i64,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = plain::Entity)]
#[garde(allow_unvalidated)]
struct NewPlain {
    id: i64,
    value: i64,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = pair::Entity)]
#[garde(allow_unvalidated)]
struct PairChanges {
    #[serde(default)]
    value: Change<i64>,
}

/// An action that is dropped after `polls`, or after `micros`.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Work {
    kind: String,
    value: i64,
    polls: Option<usize>,
    micros: Option<u64>,
}

/// `None`: it was dropped.
async fn dropped<T>(work: &Work, future: impl Future<Output = T> + Send) -> Option<T> {
    if let Some(micros) = work.micros {
        return tokio::time::timeout(Duration::from_micros(micros), future)
            .await
            .ok();
    }
    let mut result = None;
    poll_times(async { result = Some(future.await) }, work.polls.unwrap()).await;
    result
}

/// Whether it has ended.
async fn run<T>(
    work: &Work,
    future: impl Future<Output = Result<T, DbError>> + Send,
) -> Result<bool, DbError> {
    dropped(work, future)
        .await
        .transpose()
        .map(|ended| ended.is_some())
}

#[derive(AsRef)]
struct Pairs {
    #[as_ref]
    db: Db,
}

#[resource]
impl ModelResource for Pairs {
    type Access = Public;
    type Entity = pair::Entity;
    type Item = Pair;
    type Create = NewPair;
    type PartialUpdate = PairChanges;
    type Query = resourceful::PageNumber;

    fn visible(&self, _: &Request) -> Scope<pair::Entity> {
        Scope::all()
    }

    async fn before_create(
        &self,
        _: &Request,
        tx: &Tx,
        pair: &mut pair::ActiveModel,
    ) -> Result<(), DbError> {
        let mirror = mirror::ActiveModel {
            id: pair.id.clone(),
            value: pair.value.clone(),
        };
        mirror.insert(tx).await?;
        Ok(())
    }

    async fn after_update(&self, _: &Request, tx: &Tx, pair: &pair::Model) -> Result<(), DbError> {
        let mirror = mirror::ActiveModel {
            id: Set(pair.id),
            value: Set(pair.value),
        };
        mirror.update(tx).await?;
        Ok(())
    }

    async fn after_destroy(&self, _: &Request, tx: &Tx, pair: &pair::Model) -> Result<(), DbError> {
        mirror::Entity::delete_by_id(pair.id).exec(tx).await?;
        Ok(())
    }

    #[action(POST, "drop")]
    async fn drop_one(
        &self,
        request: &Request,
        id: ItemId<Pairs>,
        work: Work,
    ) -> Result<bool, DbError> {
        let value = work.value;
        match work.kind.as_str() {
            "retrieve" => run(&work, actions::retrieve::<_, Pair>(self, request, id)).await,
            "update" => {
                let new = NewPair { id: -1, value };
                run(&work, actions::update::<_, Pair>(self, request, id, new)).await
            }
            "partial_update" => {
                let changes = PairChanges {
                    value: Change::Set(value),
                };
                run(
                    &work,
                    actions::partial_update::<_, Pair>(self, request, id, changes),
                )
                .await
            }
            _ => run(&work, actions::destroy(self, request, id)).await,
        }
    }

    #[action(POST, "drop_new")]
    async fn drop_new(&self, request: &Request, work: Work) -> Result<bool, DbError> {
        let value = work.value;
        let new = NewPair { id: value, value };
        match work.kind.as_str() {
            "list" => {
                run(
                    &work,
                    actions::list::<_, Pair>(self, request, resourceful::PageNumber::FIRST),
                )
                .await
            }
            "create" => run(&work, actions::create::<_, Pair>(self, request, new)).await,
            _ => {
                let items =
                    json!([{"id": value, "value": value}, {"id": -value - 10, "value": value}]);
                let items: Bulk<NewPair> = serde_json::from_value(items).expect("a list of pairs");
                run(&work, bulk_create::<_, Pair, _>(self, request, items)).await
            }
        }
    }
}

#[derive(AsRef)]
struct Plains {
    #[as_ref]
    db: Db,
}

#[resource(only(create))]
impl ModelResource for Plains {
    type Access = Public;
    type Entity = plain::Entity;
    type Item = Plain;
    type Create = NewPlain;

    fn visible(&self, _: &Request) -> Scope<plain::Entity> {
        Scope::all()
    }

    #[action(POST, "drop_new")]
    async fn drop_new(&self, request: &Request, work: Work) -> Result<bool, DbError> {
        let new = NewPlain {
            id: work.value,
            value: work.value,
        };
        run(&work, actions::create::<_, Plain>(self, request, new)).await
    }
}

fn options() -> DbOptions {
    let options = Db::options().entity(pair::Entity);
    options.entity(mirror::Entity).entity(plain::Entity)
}

/// Rounds of each database.
const ROUNDS: i64 = 2000;

const KINDS: [&str; 8] = [
    "create",
    "plain",
    "bulk",
    "update",
    "partial_update",
    "destroy",
    "retrieve",
    "list",
];

async fn assert_nothing_is_lost(db: TestDb) {
    create_table(&db, pair::Entity).await;
    create_table(&db, mirror::Entity).await;
    create_table(&db, plain::Entity).await;
    let app = App::new()
        .resource("/pairs", Pairs { db: db.db.clone() })
        .resource("/plains", Plains { db: db.db.clone() });
    let client = TestClient::new(app).unwrap();
    let ids = || std::iter::once(-1).chain((0..ROUNDS).map(|round| 1_000_000 + round));
    let rows: Vec<_> = ids()
        .map(|id| pair::ActiveModel {
            id: Set(id),
            value: Set(0),
        })
        .collect();
    pair::Entity::insert_many(rows)
        .exec_without_returning(&db.db)
        .await
        .unwrap();
    let rows: Vec<_> = ids()
        .map(|id| mirror::ActiveModel {
            id: Set(id),
            value: Set(0),
        })
        .collect();
    mirror::Entity::insert_many(rows)
        .exec_without_returning(&db.db)
        .await
        .unwrap();

    let mut polls = BTreeMap::from(KINDS.map(|kind| (kind, 0)));
    let mut most = polls.clone();
    let mut acknowledged = Vec::new();
    let mut updated = 0;
    let mut counts = [0, 0];
    for round in 1..=ROUNDS {
        let kind = KINDS[usize::try_from(round).unwrap() % KINDS.len()];
        let path = match kind {
            "plain" => "/plains/drop_new".to_owned(),
            "create" | "bulk" | "list" => "/pairs/drop_new".to_owned(),
            "destroy" => format!("/pairs/{}/drop", 1_000_000 + round - 1),
            _ => "/pairs/-1/drop".to_owned(),
        };
        let mut work = json!({"kind": kind, "value": round});
        let at_poll = round / 8 % 2 == 0;
        let next = polls.get_mut(kind).unwrap();
        if at_poll {
            work["polls"] = (*next).into();
        } else {
            work["micros"] = (round.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33)
                .rem_euclid(3000)
                .into();
        }
        let response = client.post(&path).json(&work).await;
        assert_eq!(response.status(), 200, "{work}: {}", response.text());
        let ended = response.json() == true;
        counts[usize::from(ended)] += 1;
        if at_poll {
            // Each await in turn; from the first one again when the action has ended.
            *next = if ended { 0 } else { *next + 1 };
            most.entry(kind)
                .and_modify(|most| *most = (*next).max(*most));
        }
        if ended {
            acknowledged.push((kind, round));
        }
        if kind.contains("update") && ended {
            updated = round;
        }
    }
    println!(
        "{:?}: {counts:?} dropped and ended, polls {most:?}",
        db.backend()
    );
    assert!(
        counts.iter().all(|count| *count > ROUNDS / 20),
        "{counts:?}"
    );
    assert!(most.values().all(|most| *most > 0), "{most:?}");

    assert_settled(&db).await;
    let other = options().connect(&db.url).await.unwrap();
    let pairs = pair::Entity::find().all(&other).await.unwrap();
    let pairs: BTreeMap<i64, i64> = pairs.iter().map(|row| (row.id, row.value)).collect();
    let mirrors = mirror::Entity::find().all(&other).await.unwrap();
    let mirrors: BTreeMap<i64, i64> = mirrors.iter().map(|row| (row.id, row.value)).collect();
    assert_eq!(pairs, mirrors, "{:?}: a half is missing", db.backend());
    let plains = plain::Entity::find().all(&other).await.unwrap();
    for (kind, round) in acknowledged {
        let context = format!("{:?}: {kind} {round}", db.backend());
        match kind {
            "create" => assert_eq!(pairs.get(&round), Some(&round), "{context}"),
            "bulk" => assert_eq!(pairs.get(&(-round - 10)), Some(&round), "{context}"),
            "plain" => assert!(plains.iter().any(|row| row.id == round), "{context}"),
            "destroy" => assert_eq!(pairs.get(&(1_000_000 + round - 1)), None, "{context}"),
            _ => {}
        }
    }
    // All items of a bulk request, or none.
    for id in pairs.keys().filter(|id| **id < -1) {
        assert!(pairs.contains_key(&(-id - 10)), "{id}");
    }
    for round in
        (1..=ROUNDS).filter(|round| KINDS[usize::try_from(*round).unwrap() % KINDS.len()] == "bulk")
    {
        assert_eq!(
            pairs.contains_key(&round),
            pairs.contains_key(&(-round - 10)),
            "{round}"
        );
    }
    // The last update that was acknowledged, or one that was dropped after it.
    assert!(pairs[&-1] >= updated, "{} {updated}", pairs[&-1]);
}

#[tokio::test]
async fn sqlite_loses_nothing() {
    let [sqlite, _] = both(options()).await;
    assert_nothing_is_lost(sqlite).await;
}

#[tokio::test]
async fn postgres_loses_nothing() {
    let [_, postgres] = both(options()).await;
    assert_nothing_is_lost(postgres).await;
}
