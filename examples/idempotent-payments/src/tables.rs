//! The tables, and the money that is there at the beginning.

use sea_orm::{EntityTrait, Schema, Set};
use sea_orm_migration::prelude::*;

pub(crate) mod account {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) customer: String,
        /// In cents.
        pub(crate) balance: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod payment {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "payment")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        /// The name of the customer who pays.
        pub(crate) customer: String,
        pub(crate) from_account: i64,
        pub(crate) to_account: i64,
        /// In cents.
        pub(crate) amount: i64,
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
        let tables = tables.register(account::Entity).register(payment::Entity);
        tables.apply(db).await?;
        let accounts = ["ada", "bob"].map(|customer| account::ActiveModel {
            customer: Set(customer.to_owned()),
            balance: Set(1_000_000),
            ..Default::default()
        });
        let accounts = account::Entity::insert_many(accounts);
        accounts.exec_without_returning(db).await?;
        Ok(())
    }
}
