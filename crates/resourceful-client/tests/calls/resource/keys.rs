//! Keys of calls to actions that read `Idempotency-Key`: each call has its own, which its retries share.

use resourceful::OnItem;
use resourceful::prelude::*;
use resourceful_client::ResourceClient;
use resourceful_idempotency::Idempotency;
use resourceful_test_parts::{Behaviour, Upstream};

use crate::client;

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Payment {
    #[garde(skip)]
    amount: u32,
}

#[derive(AsRef)]
struct Payments {
    #[as_ref]
    idempotency: Idempotency<()>,
}

#[resource(
    requires_idempotency_key(create, refund),
    accepts_idempotency_key(destroy)
)]
impl AsyncResource for Payments {
    type Access = Public;

    async fn create(&self, _: &Request, new: Payment) -> Result<Payment> {
        Ok(new)
    }

    async fn update(&self, _: &Request, _: u32, payment: Payment) -> Result<Payment> {
        Ok(payment)
    }

    async fn destroy(&self, _: &Request, _: u32) -> Result<()> {
        Ok(())
    }

    #[action(POST, "refund")]
    async fn refund(&self, _: &Request, _id: u32) -> Result<Payment> {
        Err(Error::conflict("nothing is paid"))
    }
}

/// The keys of the requests, in their order.
fn keys(upstream: &Upstream) -> Vec<Option<String>> {
    let key = |head: &String| {
        let mut lines = head.lines();
        let line = lines.find_map(|line| line.strip_prefix("idempotency-key: "));
        line.map(str::to_owned)
    };
    upstream.requests().iter().map(key).collect()
}

fn lost_first() -> Behaviour {
    let payment = Behaviour::Json(r#"{"amount":5}"#.to_owned());
    Behaviour::Sequence(Box::new(Behaviour::Reset), Box::new(payment))
}

#[tokio::test]
async fn a_lost_call_is_sent_again_with_its_key() {
    let upstream = Upstream::start();
    for path in ["/payments", "/payments/7", "/payments/7/refund"] {
        upstream.on(path, lost_first());
    }
    let payments = ResourceClient::<Payments>::with_client(client(&upstream), "/payments").unwrap();
    let payment = Payment { amount: 5 };
    assert_eq!(payments.create(&payment).await.unwrap().amount, 5);
    let refund = payments.call::<PaymentsRefund>(OnItem(7), resourceful::NoInput);
    assert_eq!(refund.await.unwrap().amount, 5);
    let sent = keys(&upstream);
    let [create, again, refund, refund_again] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(create.as_ref().unwrap().len(), 32);
    assert_eq!(create, again);
    assert_eq!(refund, refund_again);
    assert_ne!(create, refund);

    // An action that reads no key is not sent again.
    payments.update(&7, &payment).await.unwrap_err();
    assert_eq!(keys(&upstream)[4..], [None]);
}

#[tokio::test]
async fn a_key_of_the_program_is_sent_instead() {
    let upstream = Upstream::start();
    upstream.on("/payments", lost_first());
    let payments = ResourceClient::<Payments>::with_client(client(&upstream), "/payments").unwrap();
    let order = payments.idempotency_key("order-7");
    order.create(&Payment { amount: 5 }).await.unwrap();
    let key = Some("order-7".to_owned());
    assert_eq!(keys(&upstream), [key.clone(), key]);
}
