use resourceful_db::{Db, DbError};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, QuerySelect, TransactionTrait};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub mod post {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "post")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        #[sea_orm(unique)]
        pub slug: String,
        pub published: bool,
        pub number: i32,
        pub created_at: DateTimeUtc,
        pub at: Option<DateTimeWithTimeZone>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub struct Migrator;
#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Create)]
    }
}
#[derive(DeriveMigrationName)]
struct Create;
#[async_trait::async_trait]
impl MigrationTrait for Create {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("post")
                    .col(big_integer("id").primary_key().auto_increment())
                    .col(string("title"))
                    .col(string("slug").unique_key())
                    .col(boolean("published"))
                    .col(integer("number"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("at"))
                    .to_owned(),
            )
            .await
    }
}

async fn all(db: &Db) -> Result<(), DbError> {
    db.migrate::<Migrator>().await?;
    db.migrate::<Migrator>().await?;
    let now = chrono::Utc::now();
    let post = post::ActiveModel {
        title: Set("a".into()),
        slug: Set("b".into()),
        published: Set(true),
        number: Set(7),
        created_at: Set(now),
        at: Set(Some(now.fixed_offset())),
        ..Default::default()
    };
    let one = post.clone().insert(db).await?;
    let two = post::Entity::find_by_id(one.id).one(db).await?.unwrap();
    assert_eq!(one, two);
    assert!(two.at.is_some());
    let taken = DbError::from(post.clone().insert(db).await.unwrap_err());
    assert_eq!(taken.columns(), ["slug"]);
    let tuples: Vec<(String, i64, String)> = post::Entity::find()
        .select_only()
        .column(post::Column::Title)
        .column(post::Column::Id)
        .column(post::Column::Slug)
        .into_tuple()
        .all(db)
        .await?;
    assert_eq!(tuples, [("a".into(), one.id, "b".into())]);
    assert_eq!(post::Entity::find().count(db).await?, 1);
    let tx = db.begin().await?;
    post::ActiveModel {
        slug: Set("c".into()),
        ..post.clone()
    }
    .insert(&tx)
    .await?;
    let nested = TransactionTrait::begin(&tx).await?;
    post::ActiveModel {
        slug: Set("d".into()),
        ..post.clone()
    }
    .insert(&nested)
    .await?;
    drop(nested);
    tx.commit().await?;
    let tx = db.begin().await?;
    post::ActiveModel {
        slug: Set("e".into()),
        ..post.clone()
    }
    .insert(&tx)
    .await?;
    drop(tx);
    let slugs: Vec<String> = post::Entity::find()
        .order_by_asc(post::Column::Id)
        .select_only()
        .column(post::Column::Slug)
        .into_tuple()
        .all(db)
        .await?;
    assert_eq!(slugs, ["b", "c"]);
    let changed = post::ActiveModel {
        id: Set(one.id),
        number: Set(8),
        ..Default::default()
    };
    assert_eq!(changed.update(db).await?.number, 8);
    assert_eq!(
        post::Entity::delete_by_id(424_242)
            .exec(db)
            .await?
            .rows_affected,
        0
    );
    assert_eq!(post::Entity::delete_many().exec(db).await?.rows_affected, 2);
    db.execute_unprepared("DROP TABLE post").await?;
    db.execute_unprepared("DROP TABLE seaql_migrations").await?;
    println!("{:?}", db.statistics());
    Ok(())
}

#[tokio::test]
async fn sqlite() {
    let db = Db::options()
        .entity(post::Entity)
        .connect("sqlite::memory:")
        .await
        .unwrap();
    all(&db).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/a.sqlite3", directory.path().display());
    let db = Db::options()
        .entity(post::Entity)
        .connect(&url)
        .await
        .unwrap();
    all(&db).await.unwrap();
    db.close().await.unwrap();
}

#[tokio::test]
async fn postgres() {
    let url = std::env::var("TEST_POSTGRES_URL").expect("./test sets it");
    let db = Db::options()
        .entity(post::Entity)
        .connect(&url)
        .await
        .unwrap();
    all(&db).await.unwrap();
}
