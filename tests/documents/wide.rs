//! Types of every shape as schemars describes them: a correct resource has no findings.

use std::collections::BTreeMap;
use std::sync::Mutex;

use resourceful::prelude::*;
use resourceful_testing::conformance;
use serde_json::Value;

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase")]
struct Thing {
    #[garde(length(chars, min = 2, max = 30), custom(is_slug))]
    #[schemars(extend("pattern" = "^[a-z][a-z0-9-]*$"))]
    first_name: String,
    #[garde(skip)]
    #[schemars(extend("examples" = ["ada@example.com"]))]
    mail: Option<String>,
    #[garde(range(min = -5, max = 5))]
    small: i8,
    #[garde(skip)]
    large: u64,
    #[garde(skip)]
    signed: i64,
    #[garde(range(min = 0.0, max = 1.0))]
    share: f64,
    #[garde(dive)]
    author: Author,
    #[garde(length(min = 1, max = 3), dive)]
    others: Vec<Author>,
    #[garde(skip)]
    pair: (u8, String),
    #[garde(skip)]
    counts: BTreeMap<String, u16>,
    #[garde(skip)]
    shape: Shape,
    #[garde(skip)]
    event: Event,
    #[garde(skip)]
    either: Either,
    #[garde(skip)]
    colour: Colour,
    #[garde(skip)]
    anything: Value,
    #[garde(dive)]
    comment: Comment,
    #[serde(default)]
    #[garde(skip)]
    is_public: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde calls it so")]
fn is_slug(text: &str, (): &()) -> garde::Result {
    let is_first = |c: char| c.is_ascii_lowercase();
    let is_other = |c: char| is_first(c) || c.is_ascii_digit() || c == '-';
    if text.starts_with(is_first) && text.chars().all(is_other) {
        Ok(())
    } else {
        Err(garde::Error::new("is no slug"))
    }
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Author {
    #[garde(length(chars, max = 10))]
    name: String,
    #[garde(range(min = 18))]
    age: Option<u8>,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Shape {
    Circle { radius: f64 },
    Square { side: u32, name: Option<String> },
    Point,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", content = "data")]
enum Event {
    Created(Label),
    Tagged(Vec<String>),
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
struct Label {
    text: String,
    size: Option<f32>,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Text(String),
    Pair { left: u8, right: u8 },
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
enum Colour {
    /// As blood.
    Red,
    /// As grass.
    Green,
    Mixed(u8, u8, u8),
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, Validate)]
struct Comment {
    #[garde(length(chars, max = 20))]
    text: String,
    #[serde(default)]
    #[garde(dive)]
    replies: Vec<Comment>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Stored {
    id: String,
    #[serde(flatten)]
    thing: Thing,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[expect(
    dead_code,
    reason = "what is asked for is read, and then not looked at"
)]
struct Filter {
    #[garde(length(chars, max = 5))]
    name: Option<String>,
    #[garde(range(min = 1))]
    least: Option<u8>,
    #[garde(skip)]
    public: Option<bool>,
    #[garde(skip)]
    colour: Option<Plain>,
    #[serde(default)]
    #[garde(length(max = 2))]
    tags: Vec<u8>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Plain {
    Red,
    Green,
}

#[derive(Default)]
struct Things(Mutex<BTreeMap<String, Stored>>);

#[resource]
impl AsyncResource for Things {
    type Access = Public;

    async fn list(
        &self,
        _: &Request,
        query: Filtered<Filter, LimitOffset>,
    ) -> Result<Page<Stored>> {
        let things: Vec<_> = self.0.lock().unwrap().values().cloned().collect();
        Ok(query.paging.slice(&things))
    }

    async fn create(&self, _: &Request, thing: Thing) -> Result<Stored> {
        let mut things = self.0.lock().unwrap();
        let id = format!("thing-{}", things.len());
        let stored = Stored {
            id: id.clone(),
            thing,
        };
        things.insert(id, stored.clone());
        Ok(stored)
    }

    async fn retrieve(&self, _: &Request, id: String) -> Result<Stored> {
        let things = self.0.lock().unwrap();
        things
            .get(&id)
            .cloned()
            .ok_or_else(|| Error::not_found("Thing not found"))
    }

    async fn update(&self, _: &Request, id: String, thing: Thing) -> Result<Stored> {
        let mut things = self.0.lock().unwrap();
        let stored = things
            .get_mut(&id)
            .ok_or_else(|| Error::not_found("Thing not found"))?;
        stored.thing = thing;
        Ok(stored.clone())
    }
}

async fn hello(request: Request) -> Result<String> {
    Ok(format!("hello {}", request.param::<String>("name")?))
}

async fn events(request: Request) -> Result<resourceful::EventStream> {
    Ok(resourceful::EventStream::new(&request, |_| {
        std::future::pending()
    }))
}

fn app() -> App {
    App::new()
        .resource("/things", Things::default())
        .get("/hello/{name}", public(hello))
        .get("/events", public(events))
}

#[tokio::test]
async fn types_of_every_shape_pass() {
    conformance(app()).await;
    conformance(app()).seed(1).cases(16).await;
}
