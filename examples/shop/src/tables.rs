//! The tables, and the products that are there at the beginning.

use sea_orm::{EntityTrait, Schema, Set};
use sea_orm_migration::prelude::*;

pub(crate) mod product {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "product")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) name: String,
        pub(crate) stock: i64,
        pub(crate) sold: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod order {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "shop_order")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) product_id: i64,
        pub(crate) email: String,
        pub(crate) ordered_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTables)]
    }
}

struct CreateTables;

impl MigrationName for CreateTables {
    fn name(&self) -> &'static str {
        "m0001_create_tables"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "`async_trait` names them")]
#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let tables = Schema::new(manager.get_database_backend()).builder();
        let tables = tables.register(product::Entity).register(order::Entity);
        tables.apply(db).await?;
        let products =
            [("Tea", 1_000_000), ("Rare tea", 0)].map(|(name, stock)| product::ActiveModel {
                name: Set(name.to_owned()),
                stock: Set(stock),
                sold: Set(0),
                ..Default::default()
            });
        let products = product::Entity::insert_many(products);
        products.exec_without_returning(db).await?;
        Ok(())
    }
}
