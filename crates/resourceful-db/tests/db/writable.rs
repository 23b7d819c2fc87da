//! Rows that a caller sees and may not change, and rows that a hook makes visible.

use resourceful::prelude::*;
use resourceful::{Access, Bulk, BulkResults};
use resourceful_db::prelude::*;
use resourceful_db::{bulk_create, bulk_destroy};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend};

mod team {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "writable_team")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod member {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "writable_member")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub team_id: i64,
        pub user_id: i64,
        pub is_owner: bool,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The caller, in a field.
struct User(i64);
struct ByField;
impl<R: Sync> Access<R> for ByField {
    type Caller = User;
    async fn check(_: &R, request: &Request) -> Result<User> {
        let user = request.header("user").and_then(|user| user.parse().ok());
        user.map(User).ok_or_else(|| Error::unauthorized("Bearer"))
    }
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = team::Entity)]
struct Team {
    id: i64,
    name: String,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = team::Entity)]
struct NewTeam {
    #[garde(length(max = 40))]
    name: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct TeamId {
    #[garde(skip)]
    id: i64,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct ManyTeams {
    #[garde(skip)]
    teams: Bulk<TeamId>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewTeams {
    #[garde(skip)]
    teams: Bulk<NewTeam>,
}

fn teams(members: Scope<member::Entity>) -> Scope<team::Entity> {
    Scope::all().within(team::Column::Id, members, member::Column::TeamId)
}

fn members(request: &Request<User>) -> Scope<member::Entity> {
    Scope::all().eq(member::Column::UserId, request.caller().0)
}

#[derive(AsRef)]
struct Teams(#[as_ref] Db);

#[resource(only(list, create, retrieve, update, destroy))]
impl ModelResource for Teams {
    type Access = ByField;
    type Entity = team::Entity;
    type Item = Team;
    type Create = NewTeam;
    type Query = Unpaged;

    fn visible(&self, request: &Request<User>) -> Scope<team::Entity> {
        teams(members(request))
    }

    fn writable(&self, request: &Request<User>) -> Scope<team::Entity> {
        teams(members(request).eq(member::Column::IsOwner, true))
    }

    async fn after_create(
        &self,
        request: &Request<User>,
        tx: &Tx,
        team: &team::Model,
    ) -> Result<(), DbError> {
        if team.name == "nobody's" {
            return Ok(());
        }
        let owner = member::ActiveModel {
            team_id: Set(team.id),
            user_id: Set(request.caller().0),
            is_owner: Set(team.name != "of members"),
            ..Default::default()
        };
        owner.insert(tx).await?;
        Ok(())
    }

    #[action(POST, "delete")]
    async fn delete(
        &self,
        request: &Request<User>,
        many: ManyTeams,
    ) -> Result<BulkResults<()>, DbError> {
        bulk_destroy(self, request, many.teams, |team| team.id).await
    }
}

/// The same rows, in transactions.
#[derive(AsRef)]
struct Hooked(#[as_ref] Db);

#[resource(name = "teams", only(create, update, destroy))]
impl ModelResource for Hooked {
    type Access = ByField;
    type Entity = team::Entity;
    type Item = Team;
    type Create = NewTeam;

    fn visible(&self, request: &Request<User>) -> Scope<team::Entity> {
        teams(members(request))
    }

    fn writable(&self, request: &Request<User>) -> Scope<team::Entity> {
        teams(members(request).eq(member::Column::IsOwner, true))
    }

    async fn before_create(
        &self,
        _: &Request<User>,
        _: &Tx,
        team: &mut team::ActiveModel,
    ) -> Result<(), DbError> {
        if team.name == Set("seventh".to_owned()) {
            team.id = Set(7);
        }
        Ok(())
    }

    #[action(POST, "bulk")]
    async fn bulk(
        &self,
        request: &Request<User>,
        new: NewTeams,
    ) -> Result<BulkResults<Team>, DbError> {
        bulk_create(self, request, new.teams).await
    }

    async fn before_update(
        &self,
        _: &Request<User>,
        _: &Tx,
        _: &team::Model,
        _: &mut team::ActiveModel,
    ) -> Result<(), DbError> {
        Ok(())
    }

    async fn before_destroy(
        &self,
        _: &Request<User>,
        _: &Tx,
        _: &team::Model,
    ) -> Result<(), DbError> {
        Ok(())
    }
}

async fn walk(url: &str) {
    let db = Db::options()
        .entity(team::Entity)
        .entity(member::Entity)
        .connect(url)
        .await
        .unwrap();
    let id = match db.backend() {
        DbBackend::Sqlite => "integer PRIMARY KEY",
        _ => "bigserial PRIMARY KEY",
    };
    for sql in [
        "DROP TABLE IF EXISTS writable_member",
        "DROP TABLE IF EXISTS writable_team",
        &format!("CREATE TABLE writable_team (id {id}, name text NOT NULL)"),
        &format!(
            "CREATE TABLE writable_member (id {id}, team_id bigint NOT NULL, user_id bigint NOT NULL, \
             is_owner boolean NOT NULL)"
        ),
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    let app = App::new()
        .resource("/teams", Teams(db.clone()))
        .resource("/hooked", Hooked(db.clone()));
    let client = TestClient::new(app).unwrap();
    let name = |name: &str| serde_json::json!({"name": name});
    let create = |text: &str| client.post("/teams").header("user", "1").json(&name(text));

    // The hook makes it visible, and a row that no hook makes visible is undone.
    let team = create("engines").await;
    assert_eq!(team.status(), 201, "{}", team.text());
    let id = team.json()["id"].as_i64().unwrap();
    for refused in ["nobody's", "of members"] {
        assert_eq!(create(refused).await.status(), 403, "{refused}");
    }
    let list = client.get("/teams").header("user", "1").await;
    assert_eq!(list.json()["teams"].as_array().unwrap().len(), 1);

    let member = member::ActiveModel {
        team_id: Set(id),
        user_id: Set(2),
        is_owner: Set(false),
        ..Default::default()
    };
    member.insert(&db).await.unwrap();
    let put = |path: &str, user: &str| {
        let request = client.put(&format!("{path}/{id}")).header("user", user);
        request.json(&name("changed"))
    };
    let delete =
        |path: &str, user: &str| client.delete(&format!("{path}/{id}")).header("user", user);
    for path in ["/teams", "/hooked"] {
        assert_eq!(put(path, "1").await.status(), 200, "{path}");
        for (user, status) in [("2", 403), ("3", 404)] {
            assert_eq!(put(path, user).await.status(), status, "{path} {user}");
            assert_eq!(delete(path, user).await.status(), status, "{path} {user}");
        }
    }
    for (user, status) in [("2", 403), ("3", 404)] {
        let bulk = serde_json::json!({"teams": [{"id": id}]});
        let request = client.post("/teams/delete").header("user", user);
        let results = request.json(&bulk).await;
        let text = results.text();
        assert_eq!(
            results.json()["failed"].as_array().unwrap().len(),
            1,
            "{text}"
        );
        let detail = if status == 403 {
            "not change it"
        } else {
            "nothing"
        };
        assert!(text.contains(detail), "{text}");
    }
    let seen = client
        .get(&format!("/teams/{id}"))
        .header("user", "2")
        .await;
    assert_eq!(seen.json()["name"], "changed");
    assert_eq!(delete("/hooked", "1").await.status(), 204);
    assert_eq!(delete("/teams", "1").await.status(), 404);

    // Without a hook after it, nothing can make a new row visible.
    db.execute_unprepared("DELETE FROM writable_member")
        .await
        .unwrap();
    let owner = member::ActiveModel {
        team_id: Set(7),
        user_id: Set(1),
        is_owner: Set(true),
        ..Default::default()
    };
    owner.insert(&db).await.unwrap();
    let new = serde_json::json!({"teams": [name("other"), name("seventh"), name("other")]});
    let request = client.post("/hooked/bulk").header("user", "1");
    let results = request.json(&new).await;
    let text = results.text();
    assert_eq!(text.matches("You may not have").count(), 2, "{text}");
    assert!(text.contains("seventh"), "{text}");
    let teams = Scope::<team::Entity>::all();
    assert_eq!(teams.count(&db).await.unwrap(), 1);
    let create = |text: &str| client.post("/hooked").header("user", "1").json(&name(text));
    assert_eq!(create("other").await.status(), 403);
    assert_eq!(teams.count(&db).await.unwrap(), 1);
    let seventh = client.delete("/hooked/7").header("user", "1");
    assert_eq!(seventh.await.status(), 204);
    let seventh = create("seventh").await;
    assert_eq!(seventh.status(), 201, "{}", seventh.text());
    assert_eq!(
        seventh.json(),
        serde_json::json!({"id": 7, "name": "seventh"})
    );
}

#[tokio::test]
async fn a_visible_row_that_is_not_writable_is_403_on_sqlite() {
    walk("sqlite::memory:").await;
}

#[tokio::test]
async fn a_visible_row_that_is_not_writable_is_403_on_postgres() {
    walk(&std::env::var("TEST_POSTGRES_URL").expect("./test sets it")).await;
}
