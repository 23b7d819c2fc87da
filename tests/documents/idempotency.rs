//! Contract tests of actions that read `Idempotency-Key`.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use resourceful::prelude::*;
use resourceful_idempotency::{
    Begun, Claim, Idempotency, IdempotencyStore, MemoryIdempotency, Record, RecordId,
};
use resourceful_testing::conformance;

use super::assert_found;

#[derive(Serialize, JsonSchema)]
struct Payment {
    id: i64,
    amount: u32,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewPayment {
    #[garde(range(min = 1, max = 1000))]
    amount: u32,
}

#[derive(AsRef)]
struct Payments {
    #[as_ref]
    idempotency: Idempotency<()>,
    last_id: AtomicI64,
}

#[resource(requires_idempotency_key(create), accepts_idempotency_key(refund))]
impl AsyncResource for Payments {
    type Access = Public;

    async fn create(&self, _: &Request, new: NewPayment) -> Result<Payment> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let NewPayment { amount } = new;
        Ok(Payment { id, amount })
    }

    #[action(POST, "refund")]
    async fn refund(&self, _: &Request, new: NewPayment) -> Result<u32> {
        Ok(new.amount)
    }
}

fn app(store: impl IdempotencyStore) -> App {
    let payments = Payments {
        idempotency: Idempotency::new(store, |(): &()| "all"),
        last_id: AtomicI64::new(0),
    };
    App::new().resource("/payments", payments)
}

/// Keeps nothing.
struct Forgetful;

#[async_trait]
impl IdempotencyStore for Forgetful {
    async fn begin(&self, _: &RecordId) -> Result<Begun> {
        Ok(Begun::New(Box::new(Self)))
    }
}

#[async_trait]
impl Claim for Forgetful {
    async fn keep(self: Box<Self>, _: Record) -> Result<()> {
        Ok(())
    }

    async fn release(self: Box<Self>) {}
}

#[tokio::test]
async fn a_good_application_passes() {
    for seed in [0, 7] {
        conformance(app(MemoryIdempotency::default()))
            .seed(seed)
            .await;
    }
}

#[tokio::test]
async fn a_second_effect_is_found() {
    let expected = [
        "POST /payments [repeated-key]",
        "POST /payments/refund [repeated-key]",
    ];
    assert_found(conformance(app(Forgetful)), &expected).await;
}
