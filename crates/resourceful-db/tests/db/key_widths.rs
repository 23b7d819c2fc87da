//! Nested items whose foreign key is narrower than the key that it refers to, and keys of many rows.

use resourceful::prelude::*;
use resourceful_db::prelude::*;
use serde_json::json;

use crate::dbs::{both, create_table, execute};

mod wide {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "widths_wide")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::narrow::Entity")]
        Narrow,
    }
    impl Related<super::narrow::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Narrow.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

mod narrow {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "widths_narrow")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub wide_id: i32,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::wide::Entity",
            from = "Column::WideId",
            to = "super::wide::Column::Id"
        )]
        Wide,
    }
    impl Related<super::wide::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Wide.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Serialize, JsonSchema, Item)]
#[item(entity = wide::Entity)]
struct WideId {
    id: i64,
}

#[derive(Clone, Serialize, JsonSchema, Item)]
#[item(entity = narrow::Entity)]
struct NarrowId {
    id: i64,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = wide::Entity)]
struct Wide {
    id: i64,
    #[item(nested)]
    narrows: Vec<NarrowId>,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = narrow::Entity)]
struct Narrow {
    id: i64,
    #[item(nested)]
    wide: Option<WideId>,
}

#[derive(AsRef)]
struct Wides(#[as_ref] Db);

#[resource(only(list))]
impl ModelResource for Wides {
    type Access = Public;
    type Entity = wide::Entity;
    type Item = Wide;
    type Query = Unpaged;

    fn visible(&self, _: &Request) -> Scope<wide::Entity> {
        Scope::all()
    }
}

#[derive(AsRef)]
struct Narrows(#[as_ref] Db);

#[resource(only(list))]
impl ModelResource for Narrows {
    type Access = Public;
    type Entity = narrow::Entity;
    type Item = Narrow;
    type Query = Unpaged;

    fn visible(&self, _: &Request) -> Scope<narrow::Entity> {
        Scope::all()
    }
}

#[tokio::test]
async fn a_key_is_found_in_a_narrower_column() {
    for db in both(Db::options()).await {
        create_table(&db, wide::Entity).await;
        create_table(&db, narrow::Entity).await;
        // More keys than a statement has.
        let numbers =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)";
        execute(
            &*db,
            &format!("{numbers} INSERT INTO widths_wide SELECT i FROM n"),
        )
        .await;
        // Beyond the narrower column.
        execute(&*db, "INSERT INTO widths_wide VALUES (5000000000)").await;
        let narrows = "INSERT INTO widths_narrow (id, wide_id) VALUES (7, 1), (8, 2500), (9, 1)";
        execute(&*db, narrows).await;
        let app = App::new()
            .resource("/wides", Wides(db.db.clone()))
            .resource("/narrows", Narrows(db.db.clone()));
        let client = TestClient::new(app).unwrap();
        let wides = client.get("/wides").await;
        assert_eq!(wides.status(), 200, "{}", wides.text());
        let wides = wides.json()["wides"].as_array().unwrap().clone();
        assert_eq!(wides.len(), 2501);
        let with = |id: i64| wides.iter().find(|wide| wide["id"] == id).unwrap();
        assert_eq!(with(1)["narrows"], json!([{"id": 7}, {"id": 9}]));
        assert_eq!(with(2)["narrows"], json!([]));
        assert_eq!(with(2500)["narrows"], json!([{"id": 8}]));
        assert_eq!(with(5_000_000_000)["narrows"], json!([]));
        let narrows = client.get("/narrows").await.json();
        let expected = json!([
            {"id": 7, "wide": {"id": 1}},
            {"id": 8, "wide": {"id": 2500}},
            {"id": 9, "wide": {"id": 1}},
        ]);
        assert_eq!(narrows["narrows"], expected);
    }
}
