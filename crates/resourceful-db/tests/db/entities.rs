//! Entities that SeaORM reads itself: those of a registered resource are known, others are named.

use resourceful::prelude::*;
use resourceful_db::DbOptions;
use resourceful_db::prelude::*;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::dbs::{TestDb, both, create_table};

mod city {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "entities_city")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub founded_at: Option<DateTimeWithTimeZone>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of cities with another type for one column.
mod small_city {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "entities_city")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub founded_at: Option<DateTimeUtc>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod owner {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "entities_owner")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub born_at: Option<DateTimeUtc>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod shop {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "entities_shop")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub city_id: i32,
        pub owner_id: i64,
        pub opened_at: Option<DateTimeUtc>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::city::Entity",
            from = "Column::CityId",
            to = "super::city::Column::Id"
        )]
        City,
        #[sea_orm(
            belongs_to = "super::owner::Entity",
            from = "Column::OwnerId",
            to = "super::owner::Column::Id"
        )]
        Owner,
    }
    impl Related<super::city::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::City.def()
        }
    }
    impl Related<super::owner::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Owner.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug, Serialize, JsonSchema, Item)]
#[item(entity = city::Entity)]
struct City {
    id: i32,
    name: String,
}

#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = shop::Entity)]
struct Shop {
    id: i64,
    name: String,
    #[item(nested)]
    city: Option<City>,
    #[item(from = owner::Column::Name)]
    owner: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = shop::Entity)]
#[garde(allow_unvalidated)]
struct NewShop {
    name: String,
    city_id: i32,
    owner_id: i64,
}

#[derive(AsRef)]
struct Shops {
    #[as_ref]
    db: Db,
}

#[resource(only(create, retrieve))]
impl ModelResource for Shops {
    type Access = Public;
    type Entity = shop::Entity;
    type Item = Shop;
    type Create = NewShop;

    fn visible(&self, _: &Request) -> Scope<shop::Entity> {
        Scope::all()
    }

    async fn before_create(
        &self,
        _: &Request,
        tx: &Tx,
        shop: &mut shop::ActiveModel,
    ) -> Result<(), DbError> {
        let city = city::Entity::find_by_id(shop.city_id.clone().unwrap());
        let city = city.one(tx).await?.unwrap();
        let owner = owner::Entity::find_by_id(shop.owner_id.clone().unwrap());
        let owner = owner.one(tx).await?.unwrap();
        assert_eq!(city.founded_at.unwrap().to_utc(), owner.born_at.unwrap());
        shop.opened_at = Set(owner.born_at);
        Ok(())
    }

    async fn after_create(&self, _: &Request, tx: &Tx, shop: &shop::Model) -> Result<(), DbError> {
        let read = shop::Entity::find_by_id(shop.id).one(tx).await?;
        assert_eq!(read.as_ref(), Some(shop));
        Ok(())
    }
}

#[derive(AsRef)]
struct Cities {
    #[as_ref]
    db: Db,
}

#[resource(only(destroy))]
impl ModelResource for Cities {
    type Access = Public;
    type Entity = small_city::Entity;

    fn visible(&self, _: &Request) -> Scope<small_city::Entity> {
        Scope::all()
    }
}

/// Databases with a city and an owner.
async fn filled(options: DbOptions) -> [TestDb; 2] {
    let dbs = both(options).await;
    for db in &dbs {
        create_table(db, city::Entity).await;
        create_table(db, owner::Entity).await;
        create_table(db, shop::Entity).await;
        let time = chrono::DateTime::from_timestamp(1_700_000_000, 0);
        let city = city::ActiveModel {
            name: Set("Ulm".to_owned()),
            founded_at: Set(time.map(|time| time.fixed_offset())),
            ..Default::default()
        };
        let insert = city::Entity::insert(city).exec_without_returning(&db.db);
        insert.await.unwrap();
        let owner = owner::ActiveModel {
            name: Set("Ada".to_owned()),
            born_at: Set(time),
            ..Default::default()
        };
        let insert = owner::Entity::insert(owner).exec_without_returning(&db.db);
        insert.await.unwrap();
    }
    dbs
}

/// The entity of the resource, of a nested item and of a related column. A read before the registration fails.
#[tokio::test]
async fn hooks_of_a_resource_read_the_entities_of_its_items() {
    for db in filled(Db::options()).await {
        assert!(city::Entity::find().one(&db.db).await.is_err());
        let app = App::new().resource("/shops", Shops { db: db.db.clone() });
        let client = TestClient::new(app).unwrap();
        let new = serde_json::json!({"name": "Books", "city_id": 1, "owner_id": 1});
        let created = client.post("/shops").json(&new).await;
        assert_eq!(created.status(), 201, "{}", created.text());
        assert_eq!(created.json()["city"]["name"], "Ulm");
        assert_eq!(created.json()["owner"], "Ada");
    }
}

/// Two entities that differ in a column would read it as null, so the column is an error.
#[tokio::test]
async fn entities_that_differ_are_named() {
    for is_named in [false, true] {
        let mut options = Db::options();
        if is_named {
            options = options.entity(city::Entity);
        }
        for db in filled(options).await {
            let _app = App::new()
                .resource("/shops", Shops { db: db.db.clone() })
                .resource("/cities", Cities { db: db.db.clone() });
            let read = city::Entity::find().one(&db.db).await;
            if is_named {
                assert!(read.unwrap().unwrap().founded_at.is_some());
            } else {
                let error = read.unwrap_err().to_string();
                assert!(error.contains("DbOptions::entity"), "{error}");
            }
        }
    }
}
