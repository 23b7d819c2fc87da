//! [`RedisRates`]: quotas in a Redis server.

use std::time::Duration;

use async_trait::async_trait;
use resourceful::BoxError;
use resourceful_cache::Redis;

use crate::quota::{Quota, Taken};
use crate::store::RateStore;

/// Takes of a quota by the clock of the server, in microseconds. The value of a key is the time at which its quota is
/// whole again. The result: whether it is allowed, and the time until the quota is whole again.
const TAKE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local window, needed, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local used = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) - now, 0)
local following = used + needed
if following > window then
  return string.format('0 %.0f', used)
end
if cost > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', now + following), 'PX', math.ceil(following / 1000) + 1)
end
return string.format('1 %.0f', following)
";

/// Quotas in a Redis server, which all processes share. Its clock counts, so those of the processes may differ.
///
/// # Examples
/// ```no_run
/// use resourceful_rates::{Rates, RedisRates};
///
/// # fn main() -> resourceful::Result<()> {
/// let store = RedisRates::new("redis://localhost:6379").map_err(resourceful::Error::internal)?;
/// let rates = Rates::new(store);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RedisRates(Redis);

impl RedisRates {
    /// Creates a store for the server at this URL. It connects later, so a service starts even if the server is
    /// unavailable.
    ///
    /// # Errors
    /// If the URL is not a Redis URL (`redis://`; TLS is not supported).
    pub fn new(url: &str) -> Result<Self, BoxError> {
        Redis::new(url).map(Self)
    }
}

#[async_trait]
impl RateStore for RedisRates {
    async fn take(&self, key: &str, quota: Quota, cost: u32) -> Result<Taken, BoxError> {
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let window = micros(quota.window());
        let needed = quota.time_of(cost).map_or(window + 1, micros);
        let arguments = [window, needed, i64::from(cost)];
        let reply: String = self.0.eval(TAKE, key, &arguments).await?;
        let (is_allowed, used) = reply
            .split_once(' ')
            .ok_or("the script of a rate has another result")?;
        let used = Duration::from_micros(used.parse()?);
        Ok(quota.taken(used, is_allowed == "1", cost))
    }
}
