//! [`PerAddress`]: a limit by client address, before authentication.

use resourceful::{Access, Action, ErrorStatus, ProblemKind, Request, Result, Security};

use crate::address::address;
use crate::quota::Quota;
use crate::rates::{Rates, assert_name};

/// The rule that a client address has a quota, for all routes of an application or of a group. It runs before the access
/// rules of the routes, and so before anything is asked of a database.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_rates::{AddressLimit, PerAddress, Quota, Rates};
///
/// async fn hello(_: Request) -> Result<&'static str> { Ok("Hello") }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let limit = AddressLimit::new(&Rates::in_memory(), "address", Quota::per_minute(1));
/// let app = App::new().access_with_state::<PerAddress, _>(limit).get("/", public(hello));
/// let client = TestClient::new(app)?;
/// assert_eq!(client.get("/").await.status(), 200);
/// assert_eq!(client.get("/").await.status(), 429);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PerAddress;

/// The quota of each client address.
///
/// # Examples
/// See [`PerAddress`].
#[derive(Clone, Debug)]
pub struct AddressLimit {
    rates: Rates,
    name: &'static str,
    quota: Quota,
}

impl AddressLimit {
    /// The quota under this name, which has letters, digits, `-` and `_`. Limits of one name share their quotas.
    ///
    /// # Panics
    /// If the name has other characters.
    #[must_use]
    pub fn new(rates: &Rates, name: &'static str, quota: Quota) -> Self {
        assert_name(name);
        Self {
            rates: rates.clone(),
            name,
            quota,
        }
    }
}

impl Access<AddressLimit> for PerAddress {
    type Caller = ();

    fn security(_: &AddressLimit, _: Option<Action>) -> Vec<Security> {
        vec![Security::Public]
    }

    fn refusals(_: &AddressLimit, _: Option<Action>) -> Vec<ProblemKind> {
        vec![ProblemKind::new(ErrorStatus::new(429))]
    }

    async fn check(limit: &AddressLimit, request: &Request) -> Result<()> {
        let AddressLimit { rates, name, quota } = limit;
        rates.take(request, name, &address(request), *quota).await
    }
}
