//! What clients send: read strictly, refused completely.

mod bulk;
mod chaos;
mod content_type;
mod fields;
mod json;
mod multipart;
mod query;
mod size;

use resourceful::TestResponse;
use resourceful::prelude::*;

/// `(place, detail)` of each wrong field.
fn wrong(response: &TestResponse) -> Vec<(String, String)> {
    assert_eq!(response.status(), 422, "{}", response.text());
    let problem = response.json();
    let text = |error: &serde_json::Value, name: &str| error[name].as_str().map(str::to_owned);
    let errors = problem["errors"].as_array().unwrap().iter().map(|error| {
        let place = text(error, "pointer").or(text(error, "name")).unwrap();
        (place, text(error, "detail").unwrap())
    });
    errors.collect()
}

/// The places alone, sorted.
fn places(response: &TestResponse) -> Vec<String> {
    let mut places: Vec<_> = wrong(response)
        .into_iter()
        .map(|(place, _)| place)
        .collect();
    places.sort();
    places
}

async fn post_json<T: resourceful::Input>(body: &str) -> TestResponse {
    async fn accept<T: resourceful::Input>(mut request: Request) -> Result<()> {
        request.json::<T>().await.map(drop)
    }
    let client = TestClient::new(App::new().post("/", public(accept::<T>))).unwrap();
    client
        .post("/")
        .header("content-type", "application/json")
        .body(body.to_owned())
        .await
}
