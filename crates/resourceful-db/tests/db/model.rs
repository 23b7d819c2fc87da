//! A model resource, through its whole walk.

use resourceful::prelude::*;
use resourceful::{Access, Caller};
use resourceful_db::{
    Changeset, Cursor, Db, DbError, DbErrorKind, Filter, Found, Item, ItemId, ModelResource, Order,
    Ordered, Scope, Tx, actions,
};
use sea_orm::ActiveValue::Set;
use sea_orm::ConnectionTrait;

mod user {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "author")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub username: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod post {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "post")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub team_id: i64,
        pub author_id: Option<i64>,
        pub title: String,
        pub slug: String,
        pub version: i64,
        pub created_at: DateTimeUtc,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::AuthorId",
            to = "super::user::Column::Id"
        )]
        Author,
    }
    impl Related<super::user::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Author.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug, Serialize, JsonSchema, Item)]
#[item(entity = user::Entity)]
struct Author {
    id: i64,
    username: String,
}

#[derive(Debug, Serialize, JsonSchema, Item)]
#[item(entity = post::Entity)]
struct Post {
    id: i64,
    title: String,
    slug: String,
    version: i64,
    #[item(from = user::Column::Username)]
    author_name: Option<String>,
    #[item(nested)]
    author: Option<Author>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = post::Entity)]
struct NewPost {
    #[garde(length(chars, max = 200))]
    title: String,
    #[garde(skip)]
    slug: String,
    #[serde(default)]
    #[garde(skip)]
    author_id: Option<i64>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = post::Entity)]
#[garde(allow_unvalidated)]
struct PostChanges {
    #[serde(default)]
    title: Change<String>,
    #[serde(default)]
    slug: Change<String>,
    #[serde(default)]
    team_id: Change<i64>,
    #[serde(default)]
    version: Change<i64>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Filter)]
#[filter(entity = post::Entity)]
#[garde(allow_unvalidated)]
struct PostFilter {
    author_id: Option<i64>,
    #[filter(any(title, slug), icontains)]
    q: Option<String>,
    #[serde(default)]
    id: Vec<i64>,
}

#[derive(Clone, Copy, Debug, Order)]
#[order(entity = post::Entity)]
enum PostOrder {
    #[order(created_at desc)]
    Newest,
    #[order(title)]
    Title,
    #[order(team_id desc, title)]
    Mixed,
}

/// The team of the caller, in a field.
struct Team(i64);
struct ByField;
impl<R: Sync> Access<R> for ByField {
    type Caller = Team;
    async fn check(_: &R, request: &Request) -> Result<Team> {
        let team = request
            .headers()
            .get("team")
            .and_then(|team| team.to_str().ok()?.parse().ok());
        team.map(Team).ok_or_else(|| Error::unauthorized("Bearer"))
    }
}

#[derive(AsRef)]
struct Posts {
    #[as_ref]
    db: Db,
}

/// Posts of a team.
#[resource]
impl ModelResource for Posts {
    type Access = ByField;
    type Entity = post::Entity;
    type Item = Post;
    type Create = NewPost;
    type PartialUpdate = PostChanges;
    type Query = Filtered<PostFilter, Cursor<PostOrder>>;

    fn visible(&self, request: &Request<Team>) -> Scope<post::Entity> {
        Scope::all().eq(post::Column::TeamId, request.caller().0)
    }

    fn version() -> Option<post::Column> {
        Some(post::Column::Version)
    }

    fn fill_create(
        &self,
        request: &Request<Team>,
        post: &mut post::ActiveModel,
    ) -> Result<(), DbError> {
        post.team_id = Set(request.caller().0);
        post.created_at = Set(chrono::Utc::now());
        Ok(())
    }

    #[action(POST, "shout")]
    async fn shout(&self, _: &Request<Team>, post: Found<Self>) -> Result<String, DbError> {
        Ok(post.title.to_uppercase())
    }
}

#[derive(AsRef)]
struct Hooked {
    #[as_ref]
    db: Db,
}

#[resource(name = "posts", only(list, create))]
impl ModelResource for Hooked {
    type Access = ByField;
    type Entity = post::Entity;
    type Item = Post;
    type Create = NewPost;
    type Query = Ordered<PostOrder>;

    fn visible(&self, request: &Request<Team>) -> Scope<post::Entity> {
        Scope::all().eq(post::Column::TeamId, request.caller().0)
    }

    async fn before_create(
        &self,
        request: &Request<Team>,
        _: &Tx,
        post: &mut post::ActiveModel,
    ) -> Result<(), DbError> {
        post.team_id = Set(request.caller().0);
        post.version = Set(1);
        post.created_at = Set(chrono::Utc::now());
        Ok(())
    }

    async fn after_create(
        &self,
        _: &Request<Team>,
        tx: &Tx,
        post: &post::Model,
    ) -> Result<(), DbError> {
        if post.title == "refused" {
            return Err(Error::conflict("refused by a hook").into());
        }
        tx.execute_unprepared("UPDATE author SET username = 'touched' WHERE id = 1")
            .await?;
        Ok(())
    }
}

async fn database(url: &str) -> Db {
    let db = Db::connect(url).await.unwrap();
    let id = match db.backend() {
        sea_orm::DbBackend::Sqlite => "integer PRIMARY KEY",
        _ => "bigserial PRIMARY KEY",
    };
    for sql in [
        "DROP TABLE IF EXISTS post".to_owned(),
        "DROP TABLE IF EXISTS author".to_owned(),
        format!("CREATE TABLE author (id {id}, username text NOT NULL)"),
        format!(
            "CREATE TABLE post (id {id}, team_id bigint NOT NULL, author_id bigint REFERENCES author, title text NOT NULL \
             CHECK (title <> 'forbidden'), slug text NOT NULL UNIQUE, version bigint NOT NULL, \
             created_at timestamp with time zone NOT NULL)"
        ),
        "INSERT INTO author (id, username) VALUES (1, 'alice')".to_owned(),
    ] {
        db.execute_unprepared(&sql).await.unwrap();
    }
    db
}

async fn walk(db: Db) {
    let app = App::new()
        .resource("/posts", Posts { db: db.clone() })
        .resource("/hooked", Hooked { db: db.clone() });
    let client = TestClient::new(app).unwrap();
    let post = |team: &str, body: serde_json::Value| {
        client.post("/posts").header("team", team).json(&body)
    };
    let new = post(
        "1",
        serde_json::json!({"title": "One", "slug": "one", "author_id": 1}),
    )
    .await;
    assert_eq!(new.status(), 201, "{}", new.text());
    let location = new.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(new.json()["author_name"], "alice");
    assert_eq!(new.json()["author"]["username"], "alice");

    let taken = post("1", serde_json::json!({"title": "One", "slug": "one"})).await;
    assert_eq!(taken.status(), 422, "{}", taken.text());
    assert_eq!(taken.json()["errors"][0]["pointer"], "#/slug");
    let dangling = post(
        "1",
        serde_json::json!({"title": "X", "slug": "x", "author_id": 77}),
    )
    .await;
    assert_eq!(dangling.status(), 422, "{}", dangling.text());
    assert_eq!(dangling.json()["errors"][0]["pointer"], "#/author_id");
    let check = post("1", serde_json::json!({"title": "forbidden", "slug": "x"})).await;
    assert_eq!(
        check.json()["errors"][0]["pointer"],
        "#/title",
        "{}",
        check.text()
    );

    let get = |team: &str, path: &str| client.get(path).header("team", team);
    assert_eq!(get("1", &location).await.status(), 200);
    assert_eq!(get("2", &location).await.status(), 404);
    let patch = |team: &str, body: serde_json::Value| {
        client.patch(&location).header("team", team).json(&body)
    };
    let changed = patch("1", serde_json::json!({"title": "Two", "version": 1})).await;
    assert_eq!(changed.json()["version"], 2, "{}", changed.text());
    assert_eq!(
        patch("1", serde_json::json!({"title": "Three", "version": 1}))
            .await
            .status(),
        409
    );
    assert_eq!(
        patch("2", serde_json::json!({"title": "Three"}))
            .await
            .status(),
        404
    );
    let moved = patch("1", serde_json::json!({"team_id": 2})).await;
    assert_eq!(moved.status(), 403, "{}", moved.text());
    assert_eq!(get("1", &location).await.json()["version"], 2);
    assert_eq!(
        patch("1", serde_json::json!({})).await.json()["title"],
        "Two"
    );

    for number in 0..25 {
        let body = serde_json::json!({"title": format!("t{:02}", number % 7), "slug": format!("s{number:02}")});
        assert_eq!(post("1", body).await.status(), 201);
    }
    for order in ["newest", "title", "mixed"] {
        let mut path = format!("/posts?order={order}&limit=4&q=t0");
        let mut seen = Vec::new();
        loop {
            let page = get("1", &path).await;
            assert_eq!(page.status(), 200, "{}", page.text());
            let json = page.json();
            seen.extend(
                json["posts"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|post| post["id"].as_i64().unwrap()),
            );
            let Some(next) = json["pagination"]["next"].as_str() else {
                break;
            };
            let link = page.headers()["link"].to_str().unwrap();
            let target = link.trim_start_matches('<').split('>').next();
            path = target.unwrap().into();
            assert!(path.contains(next));
        }
        assert_eq!(seen.len(), 25, "{order}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 25, "{order}");
    }
    assert_eq!(get("1", "/posts?cursor=abc").await.status(), 422);
    // PostgreSQL does not use the id of an insert that failed.
    let page = get("1", "/posts?limit=2").await.json();
    let two = [&page["posts"][0]["id"], &page["posts"][1]["id"]];
    let page = get("1", &format!("/posts?id={}&id={}&id=99999", two[0], two[1]))
        .await
        .json();
    assert_eq!(page["posts"].as_array().unwrap().len(), 2);
    assert_eq!(
        client.delete(&location).header("team", "2").await.status(),
        404
    );
    assert_eq!(
        client
            .post(&format!("{location}/shout"))
            .header("team", "1")
            .await
            .text(),
        "\"TWO\""
    );
    assert_eq!(
        client.delete(&location).header("team", "1").await.status(),
        204
    );
    assert_eq!(
        client.delete(&location).header("team", "1").await.status(),
        404
    );

    let hooked = |title: &str| {
        let body = serde_json::json!({"title": title, "slug": title, "author_id": 1});
        client.post("/hooked").header("team", "3").json(&body)
    };
    assert_eq!(hooked("refused").await.status(), 409);
    assert_eq!(get("3", "/hooked").await.json()["pagination"]["total"], 0);
    let kept = hooked("kept").await;
    assert_eq!(kept.status(), 201, "{}", kept.text());
    assert_eq!(
        get("3", "/hooked?page=1").await.json()["posts"][0]["author"]["username"],
        "touched"
    );
}

#[tokio::test]
async fn on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    walk(
        database(&format!(
            "sqlite://{}/a.sqlite3",
            directory.path().display()
        ))
        .await,
    )
    .await;
    walk(database("sqlite::memory:").await).await;
}

#[tokio::test]
async fn on_postgres() {
    let url = std::env::var("TEST_POSTGRES_URL").expect("./test sets it");
    walk(database(&url).await).await;
}

/// A resource whose hooks call the generated ones, with an error type of its own.
#[derive(AsRef)]
struct ByHand {
    #[as_ref]
    db: Db,
}

#[derive(Debug, thiserror::Error, Problem)]
enum ByHandError {
    #[error("no such post")]
    #[problem(status = 404, detail = "Post not found")]
    NotFound,
    #[error(transparent)]
    #[problem(transparent)]
    Database(DbError),
}

impl From<DbError> for ByHandError {
    fn from(error: DbError) -> Self {
        match error.kind() {
            DbErrorKind::NotFound => Self::NotFound,
            _ => Self::Database(error),
        }
    }
}

#[resource(name = "by-hand", only(list, update, destroy))]
#[errors(NotFound)]
impl ModelResource for ByHand {
    type Access = Public;
    type Entity = post::Entity;
    type Item = Post;
    type Query = PageNumber;

    fn visible(&self, _: &Request) -> Scope<post::Entity> {
        Scope::all()
    }

    /// Changes a post.
    #[errors(NotFound, Database)]
    async fn update(
        &self,
        request: &Request,
        id: ItemId<ByHand>,
        new: NewPost,
    ) -> Result<Post, ByHandError> {
        actions::update(self, request, id, new).await
    }

    #[action(GET, "title")]
    async fn title(
        &self,
        _: &Request<Caller<Self>>,
        post: Found<Self>,
    ) -> Result<String, ByHandError> {
        Ok(post.title.clone())
    }
}

#[tokio::test]
async fn an_error_type_has_its_own_text_for_a_missing_item() {
    let db = database("sqlite::memory:").await;
    let client = TestClient::new(App::new().resource("/posts", ByHand { db })).unwrap();
    let body = serde_json::json!({"title": "One", "slug": "one"});
    let updated = client.put("/posts/7").json(&body).await;
    assert_eq!(
        (updated.status().as_u16(), &updated.json()["detail"]),
        (404, &"Post not found".into())
    );
    let deleted = client.delete("/posts/7").await;
    assert_eq!(
        (deleted.status().as_u16(), &deleted.json()["detail"]),
        (404, &"Post not found".into())
    );
}

#[tokio::test]
async fn the_document_has_the_errors_of_each_hook() {
    let db = database("sqlite::memory:").await;
    let app = App::new()
        .resource("/posts", Posts { db: db.clone() })
        .resource("/by-hand", ByHand { db });
    let document = app.openapi().unwrap();
    let statuses = |operation: &str| {
        let (method, path) = operation.split_once(' ').unwrap();
        let responses = &document.as_value()["paths"][path][method]["responses"];
        // Each operation has a 503; that of the database has another text.
        let has = |status: &&str| match *status {
            "503" => responses["503"].to_string().contains("Error503"),
            status => responses.get(status).is_some(),
        };
        ["404", "409", "503", "default"]
            .into_iter()
            .filter(has)
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (operation, expected) in [
        // Generated, with `DbError`.
        ("get /posts", "503"),
        ("get /posts/{id}", "404 503"),
        // `fill_create` may return any error.
        ("post /posts", "409 503 default"),
        ("patch /posts/{id}", "404 409 503"),
        ("delete /posts/{id}", "404 409 503"),
        // By hand.
        ("post /posts/{id}/shout", "404 409 503 default"),
        ("put /by-hand/{id}", "404 409 503 default"),
        // `#[errors(..)]` of the block.
        ("get /by-hand", "404"),
        ("delete /by-hand/{id}", "404"),
        ("get /by-hand/{id}/title", "404"),
    ] {
        assert_eq!(statuses(operation), expected, "{operation}");
    }
}
