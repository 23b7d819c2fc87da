//! [`Limited`]: an access rule whose callers have quotas.

use std::marker::PhantomData;

use resourceful::hidden::OpenToAll;
use resourceful::{Access, Action, ErrorStatus, ProblemKind, Request, Result, Security};

use crate::address::address;
use crate::quota::Quota;
use crate::rates::{Rates, assert_name, stored};

/// The limit of a caller.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_rates::{CallerLimit, Quota};
///
/// struct User { id: i64, requests_per_hour: u32 }
///
/// /// What the user has paid for; an export costs as much as a hundred other requests.
/// struct Paid;
///
/// impl CallerLimit<User> for Paid {
///     const NAME: &'static str = "paid";
///
///     fn quota(user: &User, _: &Request) -> Option<Quota> {
///         Some(Quota::per_hour(user.requests_per_hour))
///     }
///
///     fn key(user: &User, _: &Request) -> Option<String> { Some(user.id.to_string()) }
///
///     fn cost(_: &User, request: &Request) -> u32 {
///         if request.path().ends_with("/export") { 100 } else { 1 }
///     }
/// }
/// ```
pub trait CallerLimit<C>: Send + Sync + 'static {
    /// The name of the quota in the fields of responses: letters, digits, `-` and `_`. Limits of one name share their
    /// quotas.
    const NAME: &'static str;

    /// The quota of the caller for this request; `None`: it has no limit.
    fn quota(caller: &C, request: &Request) -> Option<Quota>;

    /// The text that tells the caller from others, such as an id. `None`: the client address.
    fn key(caller: &C, request: &Request) -> Option<String>;

    /// The requests that this one counts for (default: 1).
    fn cost(caller: &C, request: &Request) -> u32 {
        let _ = (caller, request);
        1
    }

    /// The failed authentications of a client address (default: 20 in a minute). After these, its credentials are not
    /// looked at: 429.
    #[must_use]
    fn failures() -> Quota {
        Quota::per_minute(20)
    }
}

/// The access rule `A`, whose callers have the quotas of `L`. The state of the rule has [`Rates`]
/// (`#[as_ref] rates: Rates`).
///
/// A client address whose authentications fail too often gets 429 before its credentials are looked at.
///
/// # Examples
/// See the [crate](crate).
#[derive(Debug)]
pub struct Limited<A, L>(PhantomData<fn() -> (A, L)>);

impl<A, L, R> Access<R> for Limited<A, L>
where
    A: Access<R>,
    L: CallerLimit<A::Caller>,
    R: AsRef<Rates> + Sync,
{
    type Caller = A::Caller;

    fn security(resource: &R, action: Option<Action>) -> Vec<Security> {
        A::security(resource, action)
    }

    fn refusals(resource: &R, action: Option<Action>) -> Vec<ProblemKind> {
        let mut refusals = A::refusals(resource, action);
        refusals.push(ProblemKind::new(ErrorStatus::new(429)));
        refusals
    }

    async fn check(resource: &R, request: &Request) -> Result<A::Caller> {
        let rates: &Rates = resource.as_ref();
        const { assert_name(L::NAME) };
        let address = address(request);
        let (failures, key) = (L::failures(), stored_failures(L::NAME, &address));
        rates.check_failures(&key, failures)?;
        let caller = A::check(resource, request).await;
        if caller.as_ref().is_err_and(|error| error.status() == 401) {
            rates.count_failure(L::NAME, &key, failures).await?;
        }
        let caller = caller?;
        if let Some(quota) = L::quota(&caller, request) {
            let key = L::key(&caller, request);
            let key = key.map_or_else(|| format!("of:{address}"), |key| format!("is:{key}"));
            let cost = L::cost(&caller, request);
            rates.take_cost(request, L::NAME, &key, quota, cost).await?;
        }
        Ok(caller)
    }
}

/// A rule that everybody passes has items for everybody, also with a limit.
impl<A: OpenToAll, L> OpenToAll for Limited<A, L> {}

/// The key of the failed authentications of a client address.
fn stored_failures(name: &str, address: &str) -> String {
    stored(&format!("{name}-failures"), address)
}
