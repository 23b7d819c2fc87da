//! A nested resource whose items refer to a column of the parent other than the primary key.

use resourceful::prelude::*;
use resourceful_db::prelude::*;
use serde_json::json;

use crate::dbs::{both, create_table, execute};

mod shelf {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "nested_shelf")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub code: String,
        pub is_open: bool,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod book {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "nested_book")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub shelf_code: String,
        pub title: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = book::Entity)]
struct Book {
    id: i64,
    shelf_code: String,
    title: String,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = book::Entity)]
struct NewBook {
    #[garde(length(max = 40))]
    title: String,
}

#[derive(AsRef)]
struct Books(#[as_ref] Db);

#[resource(only(list, create, retrieve, destroy))]
impl ModelResource for Books {
    type Access = Public;
    type Parent = String;
    type Entity = book::Entity;
    type Item = Book;
    type Create = NewBook;
    type Query = Unpaged;

    fn within(&self, request: &Request) -> Option<Within<book::Entity>> {
        let shelf = Scope::all()
            .eq(shelf::Column::Code, self.parent(request))
            .eq(shelf::Column::IsOpen, true);
        Some(Within::parent_by(
            book::Column::ShelfCode,
            shelf,
            shelf::Column::Code,
        ))
    }
}

#[tokio::test]
async fn items_refer_to_another_column_of_the_parent() {
    for db in both(Db::options()).await {
        create_table(&db, shelf::Entity).await;
        create_table(&db, book::Entity).await;
        let shelves = "INSERT INTO nested_shelf (code, is_open) VALUES ('a', TRUE), ('b', TRUE), ('c', FALSE)";
        execute(&*db, shelves).await;
        let books = Books(db.db.clone());
        let app = App::new().resource("/shelves/{code}/books", books);
        let client = TestClient::new(app).unwrap();
        let book = json!({"title": "Emma"});
        let created = client.post("/shelves/a/books").json(&book).await;
        assert_eq!(created.status(), 201, "{}", created.text());
        assert_eq!(created.json()["shelf_code"], "a");
        let list = client.get("/shelves/a/books").await;
        assert_eq!(list.json()["books"][0]["title"], "Emma");
        let list = client.get("/shelves/b/books").await;
        assert_eq!(list.json()["books"], json!([]));
        // Of another shelf, of one that is not in the scope, and of one that does not exist.
        let others = ["/shelves/b/books/1", "/shelves/c/books", "/shelves/1/books"];
        for path in others {
            assert_eq!(client.get(path).await.status(), 404, "{path}");
        }
        for path in ["/shelves/c/books", "/shelves/1/books"] {
            assert_eq!(client.post(path).json(&book).await.status(), 404, "{path}");
        }
        assert_eq!(client.delete("/shelves/b/books/1").await.status(), 404);
        assert_eq!(client.delete("/shelves/a/books/1").await.status(), 204);
    }
}
