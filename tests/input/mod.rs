//! Input of clients: strict reading, and errors for every wrong field.

mod bulk;
mod chaos;
mod content_type;
mod every_kind;
mod fields;
mod forms;
mod gzip;
mod json;
mod multipart;
mod query;
mod size;
mod work;

use resourceful::TestResponse;
use resourceful::prelude::*;

/// `(location, detail)` of each wrong field.
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

/// The locations, sorted.
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

/// A small random number generator (MMIX constants of Knuth), seeded by the test.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn pick<'a>(&mut self, pieces: &[&'a str]) -> &'a str {
        pieces[self.below(pieces.len())]
    }

    fn string(&mut self, pieces: &[&str], most: usize) -> String {
        let count = self.below(most);
        (0..count).map(|_| self.pick(pieces)).collect()
    }
}
