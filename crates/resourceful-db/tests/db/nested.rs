//! A nested resource whose items refer to a column of the parent other than the primary key, with versions and a hook
//! after the commit.

use std::sync::{Arc, Mutex};

use resourceful::prelude::*;
use resourceful::{Bulk, BulkResults, Change};
use resourceful_db::bulk_create;
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
        pub version: i64,
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
    version: i64,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = book::Entity)]
struct NewBook {
    #[garde(length(max = 40))]
    title: String,
    #[serde(default)]
    #[garde(skip)]
    version: Change<i64>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewBooks {
    #[garde(skip)]
    books: Bulk<NewBook>,
}

#[derive(AsRef)]
struct Books {
    #[as_ref]
    db: Db,
    committed: Arc<Mutex<Vec<String>>>,
}

#[resource(only(list, create, retrieve, update, destroy))]
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

    fn version() -> Option<book::Column> {
        Some(book::Column::Version)
    }

    async fn on_commit(&self, _: &Request, change: Committed<book::Model>) {
        let (Committed::Created(book) | Committed::Updated(book) | Committed::Destroyed(book)) =
            change;
        assert_ne!(book.title, "panic");
        self.committed.lock().unwrap().push(book.title);
    }

    #[action(POST, "bulk")]
    async fn bulk(&self, request: &Request, new: NewBooks) -> Result<BulkResults<Book>, DbError> {
        bulk_create(self, request, new.books).await
    }
}

async fn shelves(db: &Db) -> (TestClient, Arc<Mutex<Vec<String>>>) {
    create_table(db, shelf::Entity).await;
    create_table(db, book::Entity).await;
    let shelves =
        "INSERT INTO nested_shelf (code, is_open) VALUES ('a', TRUE), ('b', TRUE), ('c', FALSE)";
    execute(db, shelves).await;
    let committed = Arc::default();
    let books = Books {
        db: db.clone(),
        committed: Arc::clone(&committed),
    };
    let app = App::new().resource("/shelves/{code}/books", books);
    (TestClient::new(app).unwrap(), committed)
}

#[tokio::test]
async fn items_refer_to_another_column_of_the_parent() {
    for db in both(Db::options()).await {
        let (client, _) = shelves(&db).await;
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
            for books in [json!([]), json!([book])] {
                let bulk = client.post(&format!("{path}/bulk"));
                let bulk = bulk.json(&json!({"books": books})).await;
                assert_eq!(bulk.status(), 404, "{path}: {}", bulk.text());
            }
        }
        assert_eq!(client.delete("/shelves/b/books/1").await.status(), 404);
        assert_eq!(client.delete("/shelves/a/books/1").await.status(), 204);
    }
}

#[tokio::test]
async fn a_new_row_has_the_first_version() {
    for db in both(Db::options()).await {
        let (client, _) = shelves(&db).await;
        let send = async |version: i64| {
            let book = json!({"title": "Emma", "version": version});
            client.post("/shelves/a/books").json(&book).await.json()
        };
        for version in [i64::MAX, -5, 42] {
            assert_eq!(send(version).await["version"], 1, "{version}");
        }
        let put = async |version: i64| {
            let book = json!({"title": "Emma", "version": version});
            client.put("/shelves/a/books/1").json(&book).await.status()
        };
        assert_eq!(put(42).await, 409);
        assert_eq!(put(1).await, 200);
        assert_eq!(put(1).await, 409);
    }
}

/// The change is committed, whatever `on_commit` does.
#[tokio::test]
async fn a_panic_after_the_commit_is_no_failure() {
    for db in both(Db::options()).await {
        let (client, committed) = shelves(&db).await;
        let titles = ["panic", "Emma", "panic", "Persuasion"];
        let books: Vec<_> = titles.iter().map(|title| json!({"title": title})).collect();
        let one = client.post("/shelves/a/books").json(&books[0]).await;
        assert_eq!(one.status(), 201, "{}", one.text());
        let bulk = client.post("/shelves/a/books/bulk");
        let bulk = bulk.json(&json!({"books": books})).await;
        let succeeded = bulk.json()["succeeded"].as_array().map(Vec::len);
        assert_eq!(succeeded, Some(4), "{}", bulk.text());
        assert_eq!(*committed.lock().unwrap(), ["Emma", "Persuasion"]);
    }
}

/// Columns that a hook of the resource names, and that cannot be what it says.
#[tokio::test]
async fn a_wrong_column_of_versions_or_deletions_is_an_error_of_the_build() {
    #[derive(AsRef)]
    struct Wrong(#[as_ref] Db);

    #[resource(name = "books", only(retrieve))]
    impl ModelResource for Wrong {
        type Access = Public;
        type Entity = book::Entity;
        type Item = Book;

        fn visible(&self, _: &Request) -> Scope<book::Entity> {
            Scope::all()
        }

        fn version() -> Option<book::Column> {
            Some(book::Column::Title)
        }

        fn deleted_at() -> Option<book::Column> {
            Some(book::Column::Version)
        }
    }

    let db = Db::connect("sqlite::memory:").await.unwrap();
    let errors = App::new()
        .resource("/books", Wrong(db))
        .build()
        .unwrap_err();
    let errors = errors.to_string();
    for expected in [
        "`fn version` names `title`, which is no column of integers",
        "`fn deleted_at` names `version`, which is no column of times that may be null",
    ] {
        assert!(errors.contains(expected), "{errors}");
    }
}
