//! The mark of a response that was kept.

use resourceful::TestResponse;

pub(crate) fn is_replay(response: &TestResponse) -> bool {
    response.headers().contains_key("idempotency-replayed")
}
