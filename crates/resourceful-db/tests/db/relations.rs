//! An item with two relations to one table.

use resourceful::prelude::*;
use resourceful_db::prelude::*;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde_json::json;

use crate::dbs::{TestDb, both, create_table};

mod person {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "relations_person")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            has_many = "super::task::Entity",
            from = "Column::Id",
            to = "super::task::Column::AuthorId"
        )]
        Written,
        #[sea_orm(
            has_many = "super::task::Entity",
            from = "Column::Id",
            to = "super::task::Column::AssigneeId"
        )]
        Assigned,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

mod task {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "relations_task")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        pub author_id: i64,
        pub assignee_id: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::person::Entity",
            from = "Column::AuthorId",
            to = "super::person::Column::Id"
        )]
        Author,
        #[sea_orm(
            belongs_to = "super::person::Entity",
            from = "Column::AssigneeId",
            to = "super::person::Column::Id"
        )]
        Assignee,
    }
    // `has_many` of SeaORM's needs it.
    impl Related<super::person::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Author.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug, Serialize, JsonSchema, Item)]
#[item(entity = person::Entity)]
struct Person {
    id: i64,
    name: String,
}

#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = task::Entity)]
struct Task {
    id: i64,
    title: String,
    #[item(nested, relation = task::Relation::Author)]
    author: Option<Person>,
    #[item(nested, relation = task::Relation::Assignee)]
    assignee: Option<Person>,
    #[item(from = person::Column::Name, relation = task::Relation::Assignee)]
    assignee_name: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, Item)]
#[item(entity = task::Entity)]
struct Title {
    title: String,
}

#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = person::Entity)]
struct PersonWithTasks {
    id: i64,
    #[item(nested, relation = person::Relation::Written)]
    written: Vec<Title>,
    #[item(nested, relation = person::Relation::Assigned)]
    assigned: Vec<Title>,
}

/// Relations that lead elsewhere, or to many rows.
#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = person::Entity)]
struct Mistaken {
    id: i64,
    #[item(nested, relation = person::Relation::Written)]
    written: Option<Title>,
    #[item(nested, relation = person::Relation::Written)]
    writers: Vec<Person>,
}

macro_rules! resource {
    ($name:ident, $entity:ty, $item:ty) => {
        #[derive(AsRef)]
        struct $name {
            #[as_ref]
            db: Db,
        }

        #[resource(only(list, retrieve))]
        impl ModelResource for $name {
            type Access = Public;
            type Entity = $entity;
            type Item = $item;
            type Query = Unpaged;

            fn visible(&self, _: &Request) -> Scope<$entity> {
                Scope::all()
            }
        }
    };
}

resource!(Tasks, task::Entity, Task);
resource!(People, person::Entity, PersonWithTasks);
resource!(Mistakes, person::Entity, Mistaken);

async fn filled() -> [TestDb; 2] {
    let dbs = both(Db::options()).await;
    for db in &dbs {
        create_table(db, person::Entity).await;
        create_table(db, task::Entity).await;
        let person = |name: &str| person::ActiveModel {
            name: Set(name.to_owned()),
            ..Default::default()
        };
        let people = [person("Ada"), person("Bob")];
        let insert = person::Entity::insert_many(people);
        insert.exec_without_returning(&db.db).await.unwrap();
        let task = |title: &str, author, assignee| task::ActiveModel {
            title: Set(title.to_owned()),
            author_id: Set(author),
            assignee_id: Set(assignee),
            ..Default::default()
        };
        let tasks = [task("a", 1, Some(2)), task("b", 2, None)];
        let insert = task::Entity::insert_many(tasks);
        insert.exec_without_returning(&db.db).await.unwrap();
    }
    dbs
}

#[tokio::test]
async fn an_item_nests_two_rows_of_one_table() {
    let (ada, bob) = (
        json!({"id": 1, "name": "Ada"}),
        json!({"id": 2, "name": "Bob"}),
    );
    let first = json!(
        {"id": 1, "title": "a", "author": ada, "assignee": bob, "assignee_name": "Bob"}
    );
    let second = json!(
        {"id": 2, "title": "b", "author": bob, "assignee": null, "assignee_name": null}
    );
    for db in filled().await {
        let app = App::new()
            .resource("/tasks", Tasks { db: db.db.clone() })
            .resource("/people", People { db: db.db.clone() });
        let client = TestClient::new(app).unwrap();
        let before = db.db.statistics().statements;
        let list = client.get("/tasks").await;
        assert_eq!(list.json()["tasks"], json!([first, second]));
        assert_eq!(db.db.statistics().statements - before, 3);
        assert_eq!(client.get("/tasks/1").await.json(), first);
        // Without an assignee there is nothing to load.
        let before = db.db.statistics().statements;
        assert_eq!(client.get("/tasks/2").await.json(), second);
        assert_eq!(db.db.statistics().statements - before, 2);

        let people = client.get("/people").await;
        let (a, b) = (json!([{"title": "a"}]), json!([{"title": "b"}]));
        let expected = json!([
            {"id": 1, "written": a, "assigned": []},
            {"id": 2, "written": b, "assigned": a},
        ]);
        assert_eq!(people.json()["people"], expected);
    }
}

#[tokio::test]
async fn relations_that_do_not_fit_are_errors_of_the_build() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    let app = App::new().resource("/people", Mistakes { db });
    let errors = app.build().unwrap_err();
    let errors: Vec<String> = errors.iter().collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    let many = "`/people`: a relation to many rows of `relations_task` is nested as a `Vec`";
    assert!(errors[0].starts_with(many), "{errors:?}");
    let elsewhere =
        "`/people`: a nested item is one of `relations_person`, but its relation leads to";
    assert!(errors[1].starts_with(elsewhere), "{errors:?}");
    assert!(errors[1].contains("relations.rs"), "{errors:?}");
}
