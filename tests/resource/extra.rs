//! Actions besides the six.

use http::Method;
use resourceful::prelude::*;
use resourceful::{ActionSpec, ExtraActions, NoContent, OnCollection, QueryInput, ResourceAction};
use serde_json::json;

#[derive(Debug, Serialize, JsonSchema)]
struct Film {
    id: u32,
    stars: Option<u8>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Vote {
    #[garde(range(min = 1, max = 5))]
    stars: u8,
}

struct Films;

/// Reading is for everybody; what an action changes is for those with a key.
struct WithKey;

impl Access<Films> for WithKey {
    type Caller = ();

    async fn check(_: &Films, request: &Request) -> Result<()> {
        let is_safe = request.action().is_some_and(Action::is_safe);
        if is_safe || request.header("x-key") == Some("k") {
            return Ok(());
        }
        Err(Error::unauthorized("Key"))
    }
}

#[resource]
impl AsyncResource for Films {
    type Access = WithKey;

    async fn retrieve(&self, _: &Request, Unchecked(id): Unchecked<u32>) -> Result<Film> {
        Ok(Film { id, stars: None })
    }

    /// Says what one thinks of a film.
    #[action(POST, "vote")]
    async fn vote(
        &self,
        request: &Request,
        Unchecked(id): Unchecked<u32>,
        vote: Vote,
    ) -> Result<Film> {
        assert_eq!(
            request.action().map(|action| action.to_string()).as_deref(),
            Some("vote")
        );
        let stars = Some(vote.stars);
        Ok(Film { id, stars })
    }

    #[action(DELETE, "vote")]
    async fn withdraw(&self, _: &Request, Unchecked(id): Unchecked<u32>) -> Result<()> {
        if id == 404 {
            Err(Error::not_found("No such film."))
        } else {
            Ok(())
        }
    }

    #[action(GET, "best")]
    async fn best(&self, _: &Request, page: PageNumber<2, 5>) -> Result<Vec<Film>> {
        let limit = u32::try_from(page.limit()).unwrap();
        let films = (1..=limit).map(|id| Film { id, stars: Some(5) });
        Ok(films.collect())
    }

    #[action(POST, "import")]
    async fn import(&self, _: &Request, films: Vote) -> Result<u8> {
        Ok(films.stars)
    }

    #[action(POST, "forget")]
    async fn forget(&self, _: &Request) -> Result<()> {
        Ok(())
    }
}

fn client() -> TestClient {
    TestClient::new(App::new().resource("/films/", Films)).unwrap()
}

#[tokio::test]
async fn an_action_of_an_item_is_typed_like_a_hook() {
    let vote = |id: &str, vote| {
        let path = format!("/films/{id}/vote/");
        client().post(&path).header("x-key", "k").json(&vote)
    };
    let answer = vote("7", json!({"stars": 4})).await;
    assert_eq!(
        (answer.status().as_u16(), answer.text()),
        (200, r#"{"id":7,"stars":4}"#)
    );
    let problem = vote("7", json!({"stars": 6})).await;
    assert_eq!(problem.status(), 422);
    assert_eq!(problem.json()["errors"][0]["pointer"], "#/stars");
    assert_eq!(vote("x", json!({"stars": 4})).await.status(), 404);
}

#[tokio::test]
async fn nothing_is_answered_with_204() {
    let withdraw = |id| {
        let path = format!("/films/{id}/vote/");
        client().delete(&path).header("x-key", "k")
    };
    let answer = withdraw(7).await;
    assert_eq!((answer.status().as_u16(), answer.text()), (204, ""));
    assert_eq!(withdraw(404).await.status(), 404);
    assert_eq!(
        client()
            .post("/films/forget/")
            .header("x-key", "k")
            .await
            .status(),
        204
    );
}

#[tokio::test]
async fn an_action_of_the_collection_reads_a_query_or_a_body() {
    let best = client().get("/films/best/?limit=3").await;
    assert_eq!(best.json().as_array().unwrap().len(), 3);
    assert_eq!(client().get("/films/best/?limit=9").await.status(), 422);
    assert_eq!(
        client()
            .request(Method::HEAD, "/films/best/")
            .await
            .status(),
        200
    );
    let imported = client()
        .post("/films/import/")
        .header("x-key", "k")
        .json(&json!({"stars": 2}));
    assert_eq!(imported.await.text(), "2");
}

#[tokio::test]
async fn access_is_asked_before_the_body_is_read() {
    let refused = client().post("/films/7/vote/").body("{").await;
    assert_eq!(refused.status(), 401);
    assert_eq!(client().get("/films/best/").await.status(), 200);
}

#[tokio::test]
async fn methods_of_an_action_are_in_allow() {
    let allow = async |path: &str| client().put(path).await.headers()["allow"].clone();
    assert_eq!(allow("/films/7/vote/").await, "POST, DELETE, OPTIONS");
    assert_eq!(allow("/films/best/").await, "GET, HEAD, OPTIONS");
    assert_eq!(client().post("/films/7/vote").await.status(), 308);
}

#[test]
fn actions_are_documented() {
    let document = App::new().resource("/films/", Films).openapi().unwrap();
    let vote = &document.as_value()["paths"]["/films/{id}/vote/"]["post"];
    assert_eq!(vote["operationId"], "films.vote");
    assert_eq!(vote["summary"], "Says what one thinks of a film.");
    assert_eq!(vote["parameters"][0]["schema"]["type"], "integer");
    assert_eq!(
        vote["requestBody"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Vote"
    );
    let withdraw = &document.as_value()["paths"]["/films/{id}/vote/"]["delete"];
    assert_eq!(withdraw["operationId"], "films.withdraw");
    assert!(withdraw["responses"]["204"].get("content").is_none());
    let best = &document.as_value()["paths"]["/films/best/"]["get"];
    assert_eq!(best["parameters"][1]["schema"]["maximum"], 5);
}

/// What `#[action]` makes, written by hand, for a generic resource.
struct Shelf<T>(T);

struct Emptied;

impl<T: Send + Sync + 'static> ResourceAction<Shelf<T>> for Emptied {
    type Caller = ();
    const SPEC: &'static ActionSpec =
        &ActionSpec::on_collection("emptied", Method::DELETE, "things");

    type Target = OnCollection;
    type Input = QueryInput<PageNumber>;
    type Output = NoContent;
    type Error = Error;

    async fn run(
        _: &Shelf<T>,
        _: &Request,
        _: OnCollection,
        _: QueryInput<PageNumber>,
    ) -> Result<NoContent> {
        Ok(NoContent)
    }
}

#[resource(name = "shelf")]
impl<T: Send + Sync + 'static> AsyncResource for Shelf<T> {
    type Access = Public;

    fn extra_actions(actions: &mut impl ExtraActions<Self>) {
        actions.add::<Emptied>();
    }
}

#[tokio::test]
async fn an_action_can_be_written_by_hand() {
    let client = TestClient::new(App::new().resource("/shelf", Shelf(1))).unwrap();
    assert_eq!(client.delete("/shelf/things").await.status(), 204);
    assert_eq!(client.delete("/shelf/things?page=0").await.status(), 422);
}
