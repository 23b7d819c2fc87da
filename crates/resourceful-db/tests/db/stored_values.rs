//! Cursors over values of SQLite that are not stored as the library stores them.

use resourceful::prelude::*;
use resourceful_db::Cursor;
use resourceful_db::prelude::*;

use crate::dbs::{create_table, execute, sqlite};

mod sample {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stored_sample")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub at: DateTimeUtc,
        pub time: Time,
        pub price: Decimal,
        pub code: Uuid,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = sample::Entity)]
struct Sample {
    id: i64,
}

#[derive(Clone, Copy, Debug, Order)]
#[order(entity = sample::Entity)]
enum SampleOrder {
    #[order(at)]
    At,
    #[order(at desc)]
    AtDesc,
    #[order(time)]
    Time,
    #[order(time desc)]
    TimeDesc,
    #[order(price)]
    Price,
    #[order(price desc)]
    PriceDesc,
    #[order(code)]
    Code,
    #[order(code desc)]
    CodeDesc,
}

#[derive(AsRef)]
struct Samples(#[as_ref] Db);

#[resource(only(list))]
impl ModelResource for Samples {
    type Access = Public;
    type Entity = sample::Entity;
    type Item = Sample;
    type Query = Cursor<SampleOrder>;

    fn visible(&self, _: &Request) -> Scope<sample::Entity> {
        Scope::all()
    }
}

#[tokio::test]
async fn each_row_is_on_one_page() {
    let db = sqlite(Db::options()).await;
    create_table(&db, sample::Entity).await;
    // SQLite's own texts, offsets as sqlx writes them, sums of reals, texts for UUIDs.
    for row in [
        "CURRENT_TIMESTAMP, '12:00:00.5', 0.1 + 0.2, '6ba7b810-9dad-11d1-80b4-00c04fd430c8'",
        "CURRENT_TIMESTAMP, '12:00:00', 0.2 * 1.1, x'6ba7b8109dad11d180b400c04fd430c9'",
        "'2024-01-15T11:00:00+05:30', '12:00', 0.3, '{6ba7b810-9dad-11d1-80b4-00c04fd430c7}'",
        "'2024-01-15T13:00:00-02:00', '12:00:00.50', '0.30', x'6ba7b8109dad11d180b400c04fd430c6'",
        "'2024-01-15 12:00:00', '12:00:00.500000001', 3, '6BA7B810-9DAD-11D1-80B4-00C04FD430C8'",
        "1705320000, '23:59:59.9', '1e-7', '6ba7b8109dad11d180b400c04fd430c8'",
    ] {
        let sql = format!("INSERT INTO stored_sample (at, time, price, code) VALUES ({row})");
        execute(&*db, &sql).await;
    }
    let client = TestClient::new(App::new().resource("/samples", Samples(db.db.clone()))).unwrap();
    for order in ["at", "time", "price", "code"] {
        for order in [order.to_owned(), format!("{order}_desc")] {
            let mut path = format!("/samples?order={order}&limit=1");
            let mut ids = Vec::new();
            for _ in 0..6 {
                let page = client.get(&path).await;
                assert_eq!(page.status(), 200, "{path}: {}", page.text());
                let page = page.json();
                ids.push(page["samples"][0]["id"].as_i64().unwrap());
                let Some(next) = page["pagination"]["next"].as_str() else {
                    break;
                };
                path = format!("/samples?order={order}&limit=1&cursor={next}");
            }
            ids.sort_unstable();
            assert_eq!(ids, [1, 2, 3, 4, 5, 6], "{order}");
        }
    }
}
