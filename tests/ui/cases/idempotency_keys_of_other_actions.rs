use resourceful::prelude::*;
use resourceful_idempotency::Idempotency;

#[derive(Deserialize, JsonSchema, Validate)]
struct NewPayment {
    #[garde(skip)]
    amount: u32,
}

#[derive(AsRef)]
struct Payments {
    #[as_ref]
    idempotency: Idempotency<()>,
}

#[resource(requires_idempotency_key(create, retrieve, count, refnud), accepts_idempotency_key(create))]
impl AsyncResource for Payments {
    type Access = Public;

    async fn create(&self, _: &Request, new: NewPayment) -> Result<Json<u32>> {
        Ok(Json(new.amount))
    }

    async fn retrieve(&self, _: &Request, id: u32) -> Result<Json<u32>> {
        Ok(Json(id))
    }

    #[action(GET, "count")]
    async fn count(&self, _: &Request) -> Result<u32> {
        Ok(1)
    }

    #[action(POST, "refund")]
    async fn refund(&self, _: &Request, id: u32) -> Result<Json<u32>> {
        Ok(Json(id))
    }
}

fn main() {}
