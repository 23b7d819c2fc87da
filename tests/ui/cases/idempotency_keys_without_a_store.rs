use resourceful::prelude::*;

#[derive(Deserialize, JsonSchema, Validate)]
struct NewPayment {
    #[garde(skip)]
    amount: u32,
}

struct Payments;

#[resource(requires_idempotency_key(create))]
impl AsyncResource for Payments {
    type Access = Public;

    async fn create(&self, _: &Request, new: NewPayment) -> Result<Json<u32>> {
        Ok(Json(new.amount))
    }
}

fn main() {}
