//! The rules of an application: who is limited, and what the answers say.

use resourceful::http::{HeaderValue, Method};
use resourceful::prelude::*;
use resourceful::{Authenticate, Authentication};
use resourceful_rates::{AddressLimit, CallerLimit, Limited, PerAddress, Quota, Rates};

struct User {
    name: String,
    paid: u32,
}

/// `Bearer alice` is alice.
struct Names;

impl Authenticate for Names {
    type Caller = User;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
        let name = request
            .header("authorization")
            .and_then(|name| name.strip_prefix("Bearer "));
        let paid = match name {
            None => return Ok(Authentication::Missing),
            Some("alice") => 3,
            Some("bob") => 5,
            Some(_) => return Err(Error::unauthorized("Bearer")),
        };
        let name = name.unwrap_or_default().to_owned();
        Ok(Authentication::Caller(User { name, paid }))
    }

    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static("Bearer")
    }
}

struct Paid;

impl CallerLimit<User> for Paid {
    const NAME: &'static str = "paid";

    fn quota(user: &User, request: &Request) -> Option<Quota> {
        // Reads are free.
        (!request.method().is_safe()).then(|| Quota::per_hour(user.paid))
    }

    fn key(user: &User, _: &Request) -> Option<String> {
        Some(user.name.clone())
    }

    fn cost(_: &User, request: &Request) -> u32 {
        if request.method() == Method::DELETE {
            2
        } else {
            1
        }
    }

    fn failures() -> Quota {
        Quota::per_hour(4)
    }
}

#[derive(AsRef)]
struct Notes {
    #[as_ref]
    names: Names,
    #[as_ref]
    rates: Rates,
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct NewNote {
    #[garde(skip)]
    text: String,
}

#[resource]
impl AsyncResource for Notes {
    type Access = Limited<SignedIn<Names>, Paid>;

    async fn list(&self, _: &Request<User>, _: Unpaged) -> Result<Page<String>> {
        Ok(Page::all(Vec::new()))
    }

    async fn create(&self, _: &Request<User>, new: NewNote) -> Result<String> {
        Ok(new.text)
    }

    async fn destroy(&self, _: &Request<User>, _: Unchecked<i64>) -> Result<()> {
        Ok(())
    }
}

fn app(rates: &Rates) -> App {
    let notes = Notes {
        names: Names,
        rates: rates.clone(),
    };
    App::new().resource("/notes", notes)
}

async fn create(client: &TestClient, name: &str) -> resourceful::TestResponse {
    client
        .post("/notes")
        .header("authorization", &format!("Bearer {name}"))
        .json(&NewNote {
            text: "a note".to_owned(),
        })
        .await
}

#[tokio::test]
async fn each_caller_has_its_quota() {
    let client = TestClient::new(app(&Rates::in_memory())).unwrap();
    for left in (0..3).rev() {
        let created = create(&client, "alice").await;
        assert_eq!(created.status(), 201);
        assert_eq!(created.headers()["ratelimit-policy"], "\"paid\";q=3;w=3600");
        let limit = created.headers()["ratelimit"].to_str().unwrap();
        assert!(
            limit.starts_with(&format!("\"paid\";r={left};t=")),
            "{limit}"
        );
    }
    let refused = create(&client, "alice").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(
        refused.headers()["content-type"],
        "application/problem+json"
    );
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1190..=1200).contains(&wait), "{wait}");
    assert!(refused.headers().contains_key("ratelimit"));
    assert_eq!(refused.json()["detail"], "Too many requests.");
    // Bob has paid for more, and a deletion costs two.
    for status in [204, 204, 429] {
        let deleted = client
            .delete("/notes/1")
            .header("authorization", "Bearer bob")
            .await;
        assert_eq!(deleted.status(), status);
    }
    assert_eq!(create(&client, "bob").await.status(), 201);
    // Reads have no limit, and no fields.
    let read = client
        .get("/notes")
        .header("authorization", "Bearer alice")
        .await;
    assert_eq!(read.status(), 200);
    assert!(!read.headers().contains_key("ratelimit"));
}

#[tokio::test]
async fn an_address_that_guesses_is_refused_before_its_credentials_are_looked_at() {
    let client = TestClient::new(app(&Rates::in_memory())).unwrap();
    for _ in 0..4 {
        let wrong = create(&client, "mallory").await;
        assert_eq!(wrong.status(), 401);
        assert!(!wrong.headers().contains_key("ratelimit"));
    }
    // Right ones from this address, too.
    for name in ["mallory", "alice"] {
        let refused = create(&client, name).await;
        assert_eq!(refused.status(), 429, "{name}");
        assert!(refused.headers().contains_key("retry-after"));
    }
}

#[tokio::test]
async fn an_address_has_a_quota_before_authentication() {
    let rates = Rates::in_memory();
    let limit = AddressLimit::new(&rates, "address", Quota::per_hour(2));
    let app = app(&rates)
        .access_with_state::<PerAddress, _>(limit)
        .health();
    let client = TestClient::new(app).unwrap();
    assert_eq!(create(&client, "mallory").await.status(), 401);
    let created = create(&client, "alice").await;
    assert_eq!(created.status(), 201);
    let policies: Vec<_> = created
        .headers()
        .get_all("ratelimit-policy")
        .iter()
        .collect();
    assert_eq!(policies, ["\"address\";q=2;w=3600", "\"paid\";q=3;w=3600"]);
    assert_eq!(create(&client, "alice").await.status(), 429);
}

#[tokio::test]
async fn a_group_has_its_own_limit() {
    async fn page(_: Request) -> Result<&'static str> {
        Ok("a page")
    }
    let rates = Rates::in_memory();
    let limit = AddressLimit::new(&rates, "group", Quota::per_hour(1));
    let group = App::new()
        .access_with_state::<PerAddress, _>(limit)
        .get("/page", public(page));
    let app = App::new().nest("/group", group).get("/page", public(page));
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/group/page").await.status(), 200);
    assert_eq!(client.get("/group/page").await.status(), 429);
    for _ in 0..3 {
        assert_eq!(client.get("/page").await.status(), 200);
    }
}

#[tokio::test]
async fn the_document_has_429() {
    let document = app(&Rates::in_memory()).openapi().unwrap();
    let responses = &document.as_value()["paths"]["/notes"]["post"]["responses"];
    assert_eq!(
        responses["429"]["$ref"],
        "#/components/responses/TooManyRequests"
    );
    let response = &document.as_value()["components"]["responses"]["TooManyRequests"];
    assert!(response["headers"]["Retry-After"].is_object());
}
