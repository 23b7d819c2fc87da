//! Keys as a client sees them: requests that run, and those that get the response of an earlier one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use resourceful::TestResponse;
use resourceful::http::StatusCode;
use resourceful::prelude::*;
use resourceful_idempotency::{Idempotency, MemoryIdempotency};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::replay::is_replay;

/// `X-Caller`.
struct Named(String);

impl<R: Sync> Access<R> for Named {
    type Caller = Self;

    async fn check(_: &R, request: &Request) -> Result<Self> {
        let name = request.header("x-caller").unwrap_or("ada");
        Ok(Self(name.to_owned()))
    }
}

#[derive(Serialize, JsonSchema)]
struct Payment {
    id: u32,
    amount: u32,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewPayment {
    #[garde(range(max = 1000))]
    amount: u32,
}

#[derive(AsRef, Clone)]
struct Payments {
    #[as_ref]
    idempotency: Idempotency<Named>,
    runs: Arc<AtomicU32>,
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Payments {
    fn new() -> Self {
        let store = MemoryIdempotency::default();
        Self {
            idempotency: Idempotency::new(store, |caller: &Named| caller.0.clone()),
            runs: Arc::default(),
            begun: Arc::default(),
            go_on: Arc::default(),
        }
    }

    fn client(&self) -> TestClient {
        TestClient::new(App::new().resource("/payments", self.clone())).unwrap()
    }

    fn run(&self) -> u32 {
        self.runs.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn runs(&self) -> u32 {
        self.runs.load(Ordering::Relaxed)
    }
}

#[resource(
    requires_idempotency_key(create, refund, fail),
    accepts_idempotency_key(partial_update, destroy)
)]
impl AsyncResource for Payments {
    type Access = Named;

    async fn create(&self, _: &Request<Named>, new: NewPayment) -> Result<Payment> {
        let NewPayment { amount } = new;
        let id = self.run();
        match amount {
            402 => return Err(Error::conflict("The card is declined.")),
            429 => return Err(Error::new(resourceful::ErrorStatus::new(429))),
            500 => return Err(Error::internal("no gateway")),
            666 => panic!("no gateway"),
            999 => {
                self.begun.notify_one();
                self.go_on.notified().await;
            }
            _ => {}
        }
        Ok(Payment { id, amount })
    }

    async fn partial_update(
        &self,
        _: &Request<Named>,
        Unchecked(id): Unchecked<u32>,
        new: NewPayment,
    ) -> Result<Payment> {
        self.run();
        Ok(Payment {
            id,
            amount: new.amount,
        })
    }

    async fn destroy(&self, _: &Request<Named>, Unchecked(_): Unchecked<u32>) -> Result<()> {
        self.run();
        Ok(())
    }

    fn location_id(&self, item: &Payment) -> Option<u32> {
        Some(item.id)
    }

    #[action(POST, "refund")]
    async fn refund(&self, _: &Request<Named>, Unchecked(id): Unchecked<u32>) -> Result<Payment> {
        Ok(Payment {
            id,
            amount: self.run(),
        })
    }

    #[action(POST, "fail", detail)]
    async fn fail(&self, _: &Request<Named>, status: Unchecked<u16>) -> Result<resourceful::Raw> {
        self.run();
        let mut response = Response::new("stopped".into());
        *response.status_mut() = StatusCode::from_u16(status.0).unwrap();
        Ok(resourceful::Raw(response))
    }
}

async fn create(client: &TestClient, key: &str, amount: u32) -> TestResponse {
    let request = client.post("/payments").header("idempotency-key", key);
    request.json(&json!({"amount": amount})).await
}

#[tokio::test]
async fn the_second_request_gets_the_response_of_the_first() {
    let payments = Payments::new();
    let client = payments.client();
    let first = create(&client, "a", 5).await;
    assert_eq!(
        (first.status(), is_replay(&first)),
        (StatusCode::CREATED, false)
    );
    for key in ["a", "\"a\""] {
        let again = create(&client, key, 5).await;
        assert_eq!(
            (again.status(), is_replay(&again)),
            (StatusCode::CREATED, true)
        );
        assert_eq!(again.text(), first.text());
        for name in [
            "location",
            "content-type",
            "cache-control",
            "x-content-type-options",
        ] {
            assert_eq!(again.headers()[name], first.headers()[name], "{name}");
        }
    }
    assert_eq!(payments.runs(), 1);
    assert_eq!(create(&client, "b", 5).await.json()["id"], 2);
}

#[tokio::test]
async fn a_key_is_that_of_a_caller_an_action_and_a_request() {
    let payments = Payments::new();
    let client = payments.client();
    assert_eq!(create(&client, "a", 5).await.status(), 201);
    // Another request.
    let other = create(&client, "a", 6).await;
    assert_eq!(other.status(), 422);
    assert!(
        other.json()["detail"]
            .as_str()
            .unwrap()
            .contains("`Idempotency-Key`")
    );
    let refund = |id: u32, key: &'static str| {
        client
            .post(&format!("/payments/{id}/refund"))
            .header("idempotency-key", key)
    };
    // Another action, then another item of it.
    assert_eq!(refund(1, "a").await.status(), 200);
    assert_eq!(refund(2, "a").await.status(), 422);
    assert!(is_replay(&refund(1, "a").await));
    // Another caller.
    let bob = client
        .post("/payments")
        .header("idempotency-key", "a")
        .header("x-caller", "bob");
    let bob = bob.json(&json!({"amount": 6})).await;
    assert_eq!(
        (bob.status(), is_replay(&bob)),
        (StatusCode::CREATED, false)
    );
    assert_eq!(payments.runs(), 3);
}

#[tokio::test]
async fn a_key_is_required_or_accepted_and_valid() {
    let payments = Payments::new();
    let client = payments.client();
    let missing = client.post("/payments").json(&json!({"amount": 5})).await;
    assert_eq!(missing.status(), 400);
    assert!(
        missing.json()["detail"]
            .as_str()
            .unwrap()
            .contains("is missing")
    );
    assert_eq!(client.post("/payments/1/refund").await.status(), 400);
    for key in ["", "\"", "\"\"", "\"a", &"x".repeat(256)] {
        assert_eq!(create(&client, key, 5).await.status(), 400, "{key}");
    }
    assert_eq!(payments.runs(), 0);
    // Accepted: without a key each request runs.
    for _ in 0..2 {
        let change = client
            .patch("/payments/1")
            .json(&json!({"amount": 5}))
            .await;
        assert_eq!(
            (change.status(), is_replay(&change)),
            (StatusCode::OK, false)
        );
    }
    let change = || {
        client
            .patch("/payments/1")
            .header("idempotency-key", "c")
            .json(&json!({"amount": 5}))
    };
    assert!(!is_replay(&change().await));
    assert!(is_replay(&change().await));
    let destroy = || client.delete("/payments/1").header("idempotency-key", "d");
    assert_eq!(destroy().await.status(), 204);
    let again = destroy().await;
    assert_eq!(
        (again.status(), is_replay(&again)),
        (StatusCode::NO_CONTENT, true)
    );
    assert_eq!(payments.runs(), 4);
}

#[tokio::test]
async fn a_wrong_body_is_no_attempt() {
    let payments = Payments::new();
    let client = payments.client();
    let wrong = create(&client, "a", 1001).await;
    assert_eq!(wrong.status(), 422);
    assert_eq!(wrong.json()["errors"][0]["pointer"], "#/amount");
    assert_eq!(create(&client, "a", 5).await.status(), 201);
    assert_eq!(payments.runs(), 1);
}

#[tokio::test]
async fn a_response_that_asks_to_come_again_is_not_kept() {
    let payments = Payments::new();
    let client = payments.client();
    for (amount, status) in [(429, 429), (500, 500), (666, 500)] {
        for _ in 0..2 {
            let response = create(&client, &amount.to_string(), amount).await;
            assert_eq!(response.status(), status, "{amount}");
            assert!(!is_replay(&response));
        }
    }
    assert_eq!(payments.runs(), 6);
    for status in [408, 425, 503] {
        let fail = || {
            client
                .post(&format!("/payments/{status}/fail"))
                .header("idempotency-key", "f")
        };
        let (one, other) = (fail().await, fail().await);
        assert_eq!((one.status().as_u16(), is_replay(&other)), (status, false));
    }
    assert_eq!(payments.runs(), 12);
    // Any other one is.
    let declined = create(&client, "declined", 402).await;
    assert_eq!(declined.status(), 409);
    let again = create(&client, "declined", 402).await;
    assert!(is_replay(&again));
    assert_eq!(again.text(), declined.text());
    assert_eq!(payments.runs(), 13);
}

#[tokio::test]
async fn while_the_first_request_runs_the_second_is_told() {
    let payments = Payments::new();
    let client = payments.client();
    let second = async {
        payments.begun.notified().await;
        let running = create(&client, "slow", 999).await;
        assert_eq!(running.status(), 409);
        assert_eq!(running.headers()["retry-after"], "1");
        payments.go_on.notify_one();
    };
    let (first, ()) = tokio::join!(create(&client, "slow", 999), second);
    assert_eq!(first.status(), 201);
    assert!(is_replay(&create(&client, "slow", 999).await));
    assert_eq!(payments.runs(), 1);
}

#[tokio::test]
async fn the_document_has_the_field() {
    let document = Payments::new().client().get("/openapi.json").await.json();
    let parameter = |operation: &Value| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut parameters = parameters.filter(|parameter| parameter["name"] == "Idempotency-Key");
        parameters.next().cloned()
    };
    let create = &document["paths"]["/payments"]["post"];
    assert_eq!(parameter(create).unwrap()["required"], true);
    assert!(create["responses"]["409"].is_object());
    assert!(create["responses"]["422"].is_object());
    assert!(create["responses"]["201"]["headers"]["Idempotency-Replayed"].is_object());
    let refund = &document["paths"]["/payments/{id}/refund"]["post"];
    assert_eq!(parameter(refund).unwrap()["required"], true);
    let change = &document["paths"]["/payments/{id}"]["patch"];
    assert_ne!(parameter(change).unwrap()["required"], true);
}
