//! A scope reads its rows, by a `Db` and by a transaction, of an entity that nobody has made known.

use chrono::{DateTime, Utc};
use resourceful_db::prelude::*;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::dbs::{both, create_table};

mod event {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "scope_event")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub is_public: bool,
        pub weight: Option<f64>,
        pub at: DateTimeUtc,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

fn events() -> Vec<event::Model> {
    let at = |seconds| DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
    let event = |id, name: &str, is_public, weight| event::Model {
        id,
        name: name.to_owned(),
        is_public,
        weight,
        at: at(1_700_000_000 + id),
    };
    vec![
        event(1, "first", true, Some(0.5)),
        event(2, "second", false, None),
        event(3, "third", true, None),
    ]
}

fn set(event: event::Model) -> event::ActiveModel {
    event::ActiveModel {
        id: Set(event.id),
        name: Set(event.name),
        is_public: Set(event.is_public),
        weight: Set(event.weight),
        at: Set(event.at),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_reads_its_rows() {
    for db in both(Db::options()).await {
        create_table(&db, event::Entity).await;
        event::Entity::insert_many(events().into_iter().map(set))
            .exec_without_returning(&*db)
            .await
            .unwrap();
        let public = Scope::all().eq(event::Column::IsPublic, true);
        let mut rows = public.rows(&*db).await.unwrap();
        rows.sort_by_key(|event| event.id);
        assert_eq!(rows, [events()[0].clone(), events()[2].clone()]);
        assert_eq!(public.count(&*db).await.unwrap(), 2);

        let second = Scope::all().eq(event::Column::Id, 2);
        let nothing = Scope::<event::Entity>::none();
        for _ in 0..2 {
            assert_eq!(second.first(&*db).await.unwrap(), Some(events()[1].clone()));
            assert!(second.exists(&*db).await.unwrap());
            assert_eq!(nothing.first(&*db).await.unwrap(), None);
            assert!(!nothing.exists(&*db).await.unwrap());
            assert_eq!(nothing.count(&*db).await.unwrap(), 0);
        }

        // A transaction reads what it has written.
        let tx = db.begin().await.unwrap();
        let fourth = event::Model {
            id: 4,
            ..events()[0].clone()
        };
        event::Entity::insert(set(fourth))
            .exec_without_returning(&tx)
            .await
            .unwrap();
        assert_eq!(Scope::<event::Entity>::all().count(&tx).await.unwrap(), 4);
        let locked = public.locked(&tx).await.unwrap();
        let ids: Vec<_> = locked.iter().map(|event| event.id).collect();
        assert_eq!(ids, [1, 3, 4]);
        tx.rollback().await.unwrap();
        assert_eq!(Scope::<event::Entity>::all().count(&*db).await.unwrap(), 3);
    }
}
