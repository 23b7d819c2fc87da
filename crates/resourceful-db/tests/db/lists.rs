//! Random rows, filters, orders and pages, against a slow reference that filters, sorts and cuts in memory.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use resourceful::prelude::*;
use resourceful::{Filtered, LimitOffset, PageNumber, Unpaged};
use resourceful_db::{
    CountedUpTo, Cursor, Db, Filter, Item, ModelResource, Order, Ordered, Scope, Uncounted,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::Value;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::dbs::{TestDb, create_table, postgres, sqlite};

mod thing {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "thing")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        #[sea_orm(column_type = "Text")]
        pub text: String,
        pub number: i64,
        pub small: i32,
        pub at: DateTimeUtc,
        pub key: Uuid,
        pub flag: bool,
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        pub amount: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = thing::Entity)]
struct Thing {
    id: i64,
    text: String,
    number: i64,
    small: i32,
    at: DateTime<Utc>,
    key: Uuid,
    flag: bool,
    note: Option<String>,
    amount: Option<i64>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Filter)]
#[filter(entity = thing::Entity)]
#[garde(allow_unvalidated)]
struct ThingFilter {
    #[serde(default)]
    number: Vec<i64>,
    #[serde(default)]
    #[filter(number, ne)]
    number_ne: Vec<i64>,
    #[filter(number, gt)]
    number_gt: Option<i64>,
    #[filter(number, gte)]
    number_gte: Option<i64>,
    #[filter(number, lt)]
    number_lt: Option<i64>,
    #[filter(number, lte)]
    number_lte: Option<i64>,
    text: Option<String>,
    #[filter(text, ne)]
    text_ne: Option<String>,
    #[filter(text, gt)]
    text_gt: Option<String>,
    #[filter(text, contains)]
    text_contains: Option<String>,
    #[filter(text, starts_with)]
    text_starts_with: Option<String>,
    #[filter(any(text, note), icontains)]
    any_icontains: Option<String>,
    #[filter(any(text, note), contains)]
    any_contains: Option<String>,
    #[serde(default)]
    note: Vec<String>,
    #[filter(note, ne)]
    note_ne: Option<String>,
    #[filter(note, starts_with)]
    note_starts_with: Option<String>,
    #[filter(note, is_null)]
    note_is_null: Option<bool>,
    #[filter(any(amount, note), is_null)]
    any_is_null: Option<bool>,
    amount: Option<i64>,
    #[filter(amount, lte)]
    amount_lte: Option<i64>,
    at: Option<DateTime<Utc>>,
    #[filter(at, gte)]
    at_gte: Option<DateTime<Utc>>,
    #[filter(at, lt)]
    at_lt: Option<DateTime<Utc>>,
    #[serde(default)]
    key: Vec<Uuid>,
    #[filter(key, gt)]
    key_gt: Option<Uuid>,
    flag: Option<bool>,
    #[filter(small, gte)]
    small_gte: Option<i32>,
}

#[derive(Clone, Copy, Debug, Order)]
#[order(entity = thing::Entity)]
enum ThingOrder {
    #[order(number)]
    Number,
    #[order(number desc)]
    Largest,
    #[order(small desc, text, at desc)]
    Mixed,
    #[order(flag, small desc)]
    Flag,
    #[order(text)]
    Text,
    #[order(text desc, number desc)]
    LastText,
    #[order(at)]
    Oldest,
    #[order(at desc)]
    Newest,
    #[order(key, text desc)]
    Key,
    #[order(id desc)]
    Id,
    #[order(flag desc, id, text desc)]
    Inner,
}

/// The reference of each order: the names of its columns, those in descending order with a `-`.
const ORDERS: [(&str, &[&str]); 11] = [
    ("number", &["number", "id"]),
    ("largest", &["-number", "-id"]),
    ("mixed", &["-small", "text", "-at", "-id"]),
    ("flag", &["flag", "-small", "-id"]),
    ("text", &["text", "id"]),
    ("last_text", &["-text", "-number", "-id"]),
    ("oldest", &["at", "id"]),
    ("newest", &["-at", "-id"]),
    ("key", &["key", "-text", "-id"]),
    ("id", &["-id"]),
    ("inner", &["-flag", "id"]),
];

macro_rules! resources {
    ($($name:ident: $query:ty;)*) => {$(
        #[derive(AsRef)]
        struct $name {
            #[as_ref]
            db: Db,
        }

        #[resource(name = "things", only(list))]
        impl ModelResource for $name {
            type Access = Public;
            type Entity = thing::Entity;
            type Item = Thing;
            type Query = $query;

            fn visible(&self, _: &Request) -> Scope<thing::Entity> {
                Scope::all()
            }
        }
    )*};
}

resources! {
    Cursors: Filtered<ThingFilter, Cursor<ThingOrder>>;
    Pages: Filtered<ThingFilter, Ordered<ThingOrder, PageNumber>>;
    Offsets: Filtered<ThingFilter, Ordered<ThingOrder, LimitOffset>>;
    Counted: Filtered<ThingFilter, Ordered<ThingOrder, CountedUpTo<PageNumber, 7>>>;
    Uncounteds: Filtered<ThingFilter, Ordered<ThingOrder, Uncounted<LimitOffset>>>;
    Alls: Filtered<ThingFilter, Ordered<ThingOrder, Unpaged>>;
}

struct Server {
    db: TestDb,
    client: TestClient,
}

impl Server {
    async fn new(db: TestDb) -> Self {
        create_table(&db, thing::Entity).await;
        let app = App::new()
            .resource("/cursors", Cursors { db: db.db.clone() })
            .resource("/pages", Pages { db: db.db.clone() })
            .resource("/offsets", Offsets { db: db.db.clone() })
            .resource("/counted", Counted { db: db.db.clone() })
            .resource("/uncounted", Uncounteds { db: db.db.clone() })
            .resource("/all", Alls { db: db.db.clone() });
        let client = TestClient::new(app).unwrap();
        Self { db, client }
    }

    async fn both() -> [Self; 2] {
        let options = Db::options().entity(thing::Entity);
        let (sqlite, postgres) = (sqlite(options.clone()), postgres(options));
        [
            Self::new(sqlite.await).await,
            Self::new(postgres.await).await,
        ]
    }

    /// Has these rows alone.
    async fn fill(&self, rows: &[thing::Model]) {
        thing::Entity::delete_many()
            .exec(&self.db.db)
            .await
            .unwrap();
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        let rows: Vec<thing::ActiveModel> = rows.collect();
        if !rows.is_empty() {
            let insert = thing::Entity::insert_many(rows);
            insert.exec_without_returning(&self.db.db).await.unwrap();
        }
    }

    /// A page, and the path in its `Link`.
    async fn page(&self, path: &str) -> (Vec<i64>, Value, Option<String>) {
        let response = self.client.get(path).await;
        assert_eq!(response.status(), 200, "{path}: {}", response.text());
        let json = response.json();
        let ids = json["things"].as_array().unwrap().iter();
        let ids = ids.map(|item| item["id"].as_i64().unwrap()).collect();
        let link = response.headers().get("link").map(|link| {
            let link = link.to_str().unwrap();
            let path = link
                .strip_prefix('<')
                .unwrap()
                .strip_suffix(">; rel=\"next\"");
            path.unwrap().to_owned()
        });
        (ids, json["pagination"].clone(), link)
    }

    /// The pages of all paging styles are the reference.
    async fn check(&self, question: &Question, expected: &[i64]) {
        let backend = self.db.backend();
        let total = expected.len();
        let query = question.query();
        let context = format!("{backend:?} {query}");

        let (ids, _, _) = self.page(&format!("/all?{query}")).await;
        assert_eq!(ids, expected, "{context}");

        let mut limits = question.limits.iter().cycle().copied();
        let mut seen = Vec::new();
        let mut next = None;
        loop {
            let limit = limits.next().unwrap();
            let cursor = next
                .as_ref()
                .map_or_else(String::new, |next| format!("&cursor={next}"));
            let path = format!("/cursors?{query}&limit={limit}{cursor}");
            let (ids, pagination, link) = self.page(&path).await;
            let end = (seen.len() + limit).min(total);
            assert_eq!(ids, expected[seen.len()..end], "{path}");
            seen.extend(ids);
            next = pagination["next"].as_str().map(str::to_owned);
            assert_eq!(next.is_some(), end < total, "{path}");
            assert_eq!(pagination["has_next"], end < total, "{path}");
            assert_eq!(pagination["limit"], limit, "{path}");
            let expected = next.as_ref().map(|next| {
                let prefix = if query.is_empty() {
                    String::new()
                } else {
                    format!("{query}&")
                };
                format!("/cursors?{prefix}limit={limit}&cursor={next}")
            });
            assert_eq!(link, expected, "{path}");
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "{context}");

        // Numbers of pages and of rows, one page behind the end too.
        let limit = question.limits[0];
        for number in 0..=total.div_ceil(limit) {
            let offset = number * limit;
            let end = (offset + limit).min(total);
            let expected = &expected[offset.min(end)..end];
            let has_next = end < total && offset < total;
            for (path, shown) in [
                (
                    format!("/pages?{query}&page={}&limit={limit}", number + 1),
                    Some(total),
                ),
                (
                    format!("/offsets?{query}&offset={offset}&limit={limit}"),
                    Some(total),
                ),
                (
                    format!("/counted?{query}&page={}&limit={limit}", number + 1),
                    Some(total.min(7)),
                ),
                (
                    format!("/uncounted?{query}&offset={offset}&limit={limit}"),
                    None,
                ),
            ] {
                let (ids, pagination, _) = self.page(&path).await;
                assert_eq!(ids, expected, "{backend:?} {path}");
                assert_eq!(pagination["has_next"], has_next, "{backend:?} {path}");
                let shown = shown.map_or(Value::Null, Value::from);
                assert_eq!(pagination["total"], shown, "{backend:?} {path}");
            }
        }
    }
}

/// A list that is asked for.
#[derive(Clone, Debug)]
struct Question {
    /// `None` is the default.
    order: Option<usize>,
    /// Names of parameters with their values.
    filters: Vec<(&'static str, String)>,
    limits: Vec<usize>,
}

impl Question {
    fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        if let Some(order) = self.order {
            query.append_pair("order", ORDERS[order].0);
        }
        query.extend_pairs(&self.filters);
        query.finish()
    }

    fn expected(&self, rows: &[thing::Model]) -> Vec<i64> {
        let mut rows: Vec<_> = rows.iter().filter(|row| self.matches(row)).collect();
        let (_, columns) = ORDERS[self.order.unwrap_or(0)];
        rows.sort_by(|one, other| {
            let compare = |column: &&str| {
                let name = column.trim_start_matches('-');
                let order = match name {
                    "id" => one.id.cmp(&other.id),
                    "text" => one.text.as_bytes().cmp(other.text.as_bytes()),
                    "number" => one.number.cmp(&other.number),
                    "small" => one.small.cmp(&other.small),
                    "at" => one.at.cmp(&other.at),
                    "key" => one.key.cmp(&other.key),
                    "flag" => one.flag.cmp(&other.flag),
                    _ => unreachable!("{name}"),
                };
                if name.len() < column.len() {
                    order.reverse()
                } else {
                    order
                }
            };
            let unequal = columns.iter().map(compare).find(|order| order.is_ne());
            unequal.unwrap_or(std::cmp::Ordering::Equal)
        });
        rows.iter().map(|row| row.id).collect()
    }

    /// Null is neither equal nor unequal to a value, as in SQL.
    fn matches(&self, row: &thing::Model) -> bool {
        let of = |name: &str| -> Vec<&str> {
            let filters = self.filters.iter().filter(|(other, _)| *other == name);
            filters.map(|(_, value)| value.as_str()).collect()
        };
        self.filters.iter().all(|(name, value)| {
            let integer = || value.parse::<i64>().unwrap();
            let time = || value.parse::<DateTime<Utc>>().unwrap();
            let bool = || value == "true";
            let texts = || [Some(&row.text), row.note.as_ref()].into_iter().flatten();
            let note = row.note.as_deref();
            match *name {
                "number" => of(name).iter().any(|value| value.parse() == Ok(row.number)),
                "number_ne" => of(name).iter().all(|value| value.parse() != Ok(row.number)),
                "number_gt" => row.number > integer(),
                "number_gte" => row.number >= integer(),
                "number_lt" => row.number < integer(),
                "number_lte" => row.number <= integer(),
                "text" => row.text == *value,
                "text_ne" => row.text != *value,
                "text_gt" => row.text.as_bytes() > value.as_bytes(),
                "text_contains" => row.text.contains(value),
                "text_starts_with" => row.text.starts_with(value),
                "any_icontains" => {
                    let value = value.to_ascii_lowercase();
                    texts().any(|text| text.to_ascii_lowercase().contains(&value))
                }
                "any_contains" => texts().any(|text| text.contains(value)),
                "note" => note.is_some_and(|note| of(name).contains(&note)),
                "note_ne" => note.is_some_and(|note| note != value),
                "note_starts_with" => note.is_some_and(|note| note.starts_with(value)),
                "note_is_null" => row.note.is_none() == bool(),
                "any_is_null" => row.amount.is_none() == bool() || row.note.is_none() == bool(),
                "amount" => row.amount == Some(integer()),
                "amount_lte" => row.amount.is_some_and(|amount| amount <= integer()),
                "at" => row.at == time(),
                "at_gte" => row.at >= time(),
                "at_lt" => row.at < time(),
                "key" => of(name).iter().any(|key| key.parse() == Ok(row.key)),
                "key_gt" => row.key > value.parse::<Uuid>().unwrap(),
                "flag" => row.flag == bool(),
                "small_gte" => i64::from(row.small) >= integer(),
                _ => unreachable!("{name}"),
            }
        })
    }
}

fn text() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "a", "A", "b", "aB", "ä", "Ä", "ß", "漢", "😀", "e\u{301}", "%", "_", "*", "[", "]", "?",
        "^", "\\", "'", "\"", "--", ";", " ", "\n", "0", "01", "$1",
    ];
    let random = vec(select(PARTS), 0..4).prop_map(|parts| parts.concat());
    prop_oneof![8 => random, 1 => "\\PC{0,6}", 1 => Just(String::new())]
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => -2..3_i64,
        1 => select(&[i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX][..]),
        1 => any::<i64>(),
    ]
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    let seconds = select(&[0, 1, -1, 1_600_000_000, 253_402_300_799, -62_135_596_800][..]);
    let micros = select(
        &[
            0, 1, 10, 100_000, 120_000, 123_000, 123_400, 500_000, 999_999,
        ][..],
    );
    (seconds, micros)
        .prop_map(|(seconds, micros)| DateTime::from_timestamp(seconds, micros * 1000).unwrap())
}

fn uuid() -> impl Strategy<Value = Uuid> {
    prop_oneof![
        select(&[0, 1, u128::MAX, 1 << 64, 1 << 127][..]),
        any::<u128>()
    ]
    .prop_map(Uuid::from_u128)
}

fn small() -> impl Strategy<Value = i32> {
    prop_oneof![4 => -1..2_i32, 1 => select(&[i32::MIN, i32::MAX][..])]
}

fn row() -> impl Strategy<Value = thing::Model> {
    let note = proptest::option::of(text());
    let amount = proptest::option::of(number());
    (
        text(),
        number(),
        small(),
        time(),
        uuid(),
        any::<bool>(),
        note,
        amount,
    )
        .prop_map(
            |(text, number, small, at, key, flag, note, amount)| thing::Model {
                id: 0,
                text,
                number,
                small,
                at,
                key,
                flag,
                note,
                amount,
            },
        )
}

fn rows(max: usize) -> impl Strategy<Value = Vec<thing::Model>> {
    let id = prop_oneof![9 => -50..50_i64, 1 => select(&[i64::MIN, i64::MAX][..])];
    (btree_set(id, 0..max), vec(row(), max)).prop_map(|(ids, rows)| {
        let rows = ids.into_iter().zip(rows);
        rows.map(|(id, row)| thing::Model { id, ..row }).collect()
    })
}

const FILTERS: [&str; 27] = [
    "number",
    "number_ne",
    "number_gt",
    "number_gte",
    "number_lt",
    "number_lte",
    "text",
    "text_ne",
    "text_gt",
    "text_contains",
    "text_starts_with",
    "any_icontains",
    "any_contains",
    "note",
    "note_ne",
    "note_starts_with",
    "note_is_null",
    "any_is_null",
    "amount",
    "amount_lte",
    "at",
    "at_gte",
    "at_lt",
    "key",
    "key_gt",
    "flag",
    "small_gte",
];

/// Random tables of each test.
const CASES: u32 = 60;

/// Parameters that may come several times.
const LISTS: [&str; 4] = ["number", "number_ne", "note", "key"];

/// A filter whose value is that of a row, mostly one that is there.
fn filter() -> impl Strategy<Value = (&'static str, Option<Index>, thing::Model)> {
    (
        select(&FILTERS[..]),
        proptest::option::weighted(0.8, any::<Index>()),
        row(),
    )
}

type Filters = Vec<(&'static str, Option<Index>, thing::Model)>;

fn question() -> impl Strategy<Value = (Option<usize>, Filters, Vec<usize>)> {
    let order = proptest::option::weighted(0.9, 0..ORDERS.len());
    (order, vec(filter(), 0..4), vec(1..9_usize, 1..4))
}

/// The parameter with the value of the row.
fn parameter(name: &str, row: &thing::Model) -> String {
    let part = |text: &str, length: usize| text.chars().take(length).collect::<String>();
    match name.split('_').next().unwrap() {
        _ if name.ends_with("is_null") => row.note.is_none().to_string(),
        "number" => row.number.to_string(),
        "small" => row.small.to_string(),
        "amount" => row.amount.unwrap_or(row.number).to_string(),
        "text" if matches!(name, "text" | "text_ne" | "text_gt") => row.text.clone(),
        "text" => part(&row.text, 2),
        "any" => part(row.note.as_ref().unwrap_or(&row.text), 2),
        "note" if matches!(name, "note" | "note_ne") => row.note.clone().unwrap_or_default(),
        "note" => part(row.note.as_ref().unwrap_or(&row.text), 1),
        "at" => row.at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        "key" => row.key.to_string(),
        "flag" => row.flag.to_string(),
        _ => unreachable!("{name}"),
    }
}

/// Cases of this shape, the same ones on each database and in each run.
fn cases<S: Strategy>(count: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::with_cases(count)
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(strategy, |value| {
        test(value);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn pages_joined_are_the_list() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let servers = runtime.block_on(Server::both());
    cases(
        CASES,
        &(rows(40), vec(question(), 4)),
        |(rows, questions)| {
            runtime.block_on(async {
                for server in &servers {
                    server.fill(&rows).await;
                }
                for (order, filters, limits) in questions {
                    let mut question = Question {
                        order,
                        filters: Vec::new(),
                        limits,
                    };
                    for (name, index, random) in filters {
                        if question.filters.iter().any(|(other, _)| *other == name)
                            && !LISTS.contains(&name)
                        {
                            continue;
                        }
                        let row = index
                            .filter(|_| !rows.is_empty())
                            .map(|index| index.get(&rows));
                        let value = parameter(name, row.unwrap_or(&random));
                        question.filters.push((name, value));
                    }
                    let expected = question.expected(&rows);
                    for server in &servers {
                        server.check(&question, &expected).await;
                    }
                }
            });
        },
    );
}

/// Rows are inserted and deleted between the pages: each row that is there all the time is there once.
#[test]
fn cursors_continue_while_rows_come_and_go() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let servers = runtime.block_on(Server::both());
    let changes = vec((vec(any::<Index>(), 0..3), vec(row(), 0..4)), 30);
    let strategy = (rows(40), 0..ORDERS.len(), 1..5_usize, changes);
    cases(CASES, &strategy, |(rows, order, limit, changes)| {
        let question = Question {
            order: Some(order),
            filters: Vec::new(),
            limits: Vec::new(),
        };
        runtime.block_on(async {
            for server in &servers {
                server.fill(&rows).await;
                let mut ids: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
                let mut fresh = 1000..;
                let mut changes = changes.iter().cycle();
                let mut seen = Vec::new();
                let mut path = Some(format!("/cursors?{}&limit={limit}", question.query()));
                while let Some(asked) = path {
                    let (page, _, next) = server.page(&asked).await;
                    seen.extend(page);
                    path = next;
                    // Fewer rows come than one page has, so the walk ends.
                    let (deleted, inserted) = changes.next().unwrap();
                    for index in deleted.iter().filter(|_| !rows.is_empty()) {
                        let id = index.get(&rows).id;
                        let one = thing::Entity::delete_many().filter(thing::Column::Id.eq(id));
                        one.exec(&server.db.db).await.unwrap();
                        ids.remove(&id);
                    }
                    for row in inserted.iter().take(limit - 1) {
                        let row = thing::Model {
                            id: fresh.next().unwrap(),
                            ..row.clone()
                        };
                        row.into_active_model().insert(&server.db.db).await.unwrap();
                    }
                }
                let distinct: BTreeSet<i64> = seen.iter().copied().collect();
                assert_eq!(
                    distinct.len(),
                    seen.len(),
                    "{asked:?} twice: {seen:?}",
                    asked = question.query()
                );
                let missing: Vec<_> = ids.difference(&distinct).collect();
                assert!(
                    missing.is_empty(),
                    "{:?} missing {missing:?}",
                    question.query()
                );
                let kept = rows
                    .iter()
                    .filter(|row| ids.contains(&row.id))
                    .cloned()
                    .collect::<Vec<_>>();
                let order: Vec<i64> = seen.into_iter().filter(|id| ids.contains(id)).collect();
                assert_eq!(order, question.expected(&kept), "{}", question.query());
            }
        });
    });
}
