//! Types of the standard library and of crates that many use: a resource of each passes.
//!
//! Some of them accept less than their schema, for example a `Decimal` of 29 digits. The test does not
//! generate such values.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Mutex;

use resourceful::prelude::*;
use resourceful_testing::conformance;
use serde::de::DeserializeOwned;

trait Sample: Clone + DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static {}

impl<T: Clone + DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static> Sample for T {}

#[derive(Clone, Deserialize, Serialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[schemars(rename = "DraftOf{T}")]
struct Draft<T> {
    value: T,
    optional: Option<T>,
    list: Vec<T>,
}

#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "StoredOf{T}")]
struct Stored<T> {
    id: usize,
    #[serde(flatten)]
    draft: Draft<T>,
}

struct Shelf<T>(Mutex<Vec<Stored<T>>>);

#[resource]
impl<T: Sample> AsyncResource for Shelf<T> {
    const NAME: &'static str = "shelf";
    type Access = Public;

    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Stored<T>>> {
        Ok(page.slice(&self.0.lock().unwrap()))
    }

    async fn create(&self, _: &Request, draft: Draft<T>) -> Result<Stored<T>> {
        let mut stored = self.0.lock().unwrap();
        let id = stored.len();
        stored.push(Stored { id, draft });
        Ok(stored[id].clone())
    }

    async fn retrieve(&self, _: &Request, id: usize) -> Result<Stored<T>> {
        let stored = self.0.lock().unwrap();
        let found = stored.get(id).cloned();
        found.ok_or_else(|| Error::not_found("Nothing is there."))
    }
}

async fn assert_passes<T: Sample>() {
    let app = || App::new().resource("/drafts", Shelf::<T>(Mutex::default()));
    conformance(app()).await;
    conformance(app()).seed(1).cases(16).await;
}

macro_rules! table {
    ($($name:ident: $type:ty,)*) => {
        mod in_bodies {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                assert_passes::<$type>().await;
            })*
        }
    };
}

table! {
    unsigned: u32,
    large_unsigned: u128,
    large_signed: i128,
    size: usize,
    non_zero: std::num::NonZeroU8,
    large_non_zero: std::num::NonZeroU64,
    signed_non_zero: std::num::NonZeroI32,
    single: f32,
    double: f64,
    character: char,
    text: Box<str>,
    path: std::path::PathBuf,
    unit: (),
    tuple: (u8, String, bool),
    array: [u8; 3],
    queue: VecDeque<i16>,
    bytes: bytes::Bytes,
    byte_list: Vec<u8>,
    c_string: std::ffi::CString,
    set: BTreeSet<u8>,
    set_of_text: HashSet<String>,
    set_of_dates: BTreeSet<chrono::NaiveDate>,
    set_of_bool: BTreeSet<bool>,
    map: BTreeMap<String, u8>,
    map_by_byte: BTreeMap<u8, String>,
    map_by_integer: HashMap<i8, bool>,
    map_by_large_integer: BTreeMap<u64, u64>,
    map_by_non_zero: BTreeMap<std::num::NonZeroU8, u8>,
    map_by_weekday: HashMap<chrono::Weekday, u8>,
    map_by_version: BTreeMap<semver::Version, u8>,
    map_by_character: ByCharacter,
    map_by_uuid: ByUuid,
    map_by_date: ByDate,
    duration: std::time::Duration,
    system_time: std::time::SystemTime,
    range: std::ops::Range<u32>,
    bound: std::ops::Bound<u32>,
    result: std::result::Result<u8, String>,
    ip_address: std::net::IpAddr,
    ipv4_address: std::net::Ipv4Addr,
    ipv6_address: std::net::Ipv6Addr,
    decimal: rust_decimal::Decimal,
    uuid: uuid::Uuid,
    url: url::Url,
    version: semver::Version,
    chrono_date: chrono::NaiveDate,
    chrono_time: chrono::NaiveTime,
    chrono_date_time: chrono::NaiveDateTime,
    chrono_utc: chrono::DateTime<chrono::Utc>,
    chrono_offset: chrono::DateTime<chrono::FixedOffset>,
    chrono_weekday: chrono::Weekday,
    chrono_delta: chrono::TimeDelta,
    jiff_date: jiff::civil::Date,
    jiff_time: jiff::civil::Time,
    jiff_date_time: jiff::civil::DateTime,
    jiff_timestamp: jiff::Timestamp,
    jiff_zoned: jiff::Zoned,
    jiff_span: jiff::Span,
    socket_address: Address,
    price: Price,
    jiff_duration: jiff::SignedDuration,
}

/// schemars does not describe such keys of a map, so the application must.
macro_rules! maps {
    ($($name:ident: $key:ty = $names:tt,)*) => {$(
        #[derive(Clone, Deserialize, Serialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(extend("propertyNames" = $names))]
        struct $name(BTreeMap<$key, u8>);
    )*};
}

maps! {
    ByCharacter: char = {"minLength": 1, "maxLength": 1},
    ByUuid: uuid::Uuid = {"format": "uuid"},
    ByDate: chrono::NaiveDate = {"format": "date"},
}

/// schemars does not describe such strings either: a custom format, of which only the examples are used.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("format" = "socket-address", "examples" = ["127.0.0.1:80", "[::1]:443"]))]
struct Address(std::net::SocketAddr);

/// Bounds of a string need a pattern, since `minimum` applies only to numbers.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "rust_decimal::Decimal")]
#[schemars(with = "String", extend("pattern" = r"^\d{1,8}\.\d{2}$"))]
struct Price(rust_decimal::Decimal);

impl TryFrom<rust_decimal::Decimal> for Price {
    type Error = &'static str;

    fn try_from(price: rust_decimal::Decimal) -> std::result::Result<Self, Self::Error> {
        if price.is_sign_negative() || price.scale() != 2 {
            return Err("is no price");
        }
        Ok(Self(price))
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[expect(
    dead_code,
    reason = "what is asked for is read, and then not looked at"
)]
struct Wanted<T> {
    value: Option<T>,
}

/// The same types as text: in a query string and as the id of an item.
struct Named<T>(PhantomData<fn() -> T>);

#[resource]
impl<T> AsyncResource for Named<T>
where
    T: Sample + Debug + PartialEq + std::str::FromStr + std::fmt::Display + Known,
{
    const NAME: &'static str = "named";
    type Access = Public;

    async fn list(
        &self,
        _: &Request,
        query: Filtered<Wanted<T>, PageNumber>,
    ) -> Result<Page<Item<T>>> {
        let id = T::known();
        Ok(query.paging.slice(&[Item { id }]))
    }

    async fn retrieve(&self, _: &Request, id: T) -> Result<Item<T>> {
        if id == T::known() {
            Ok(Item { id })
        } else {
            Err(Error::not_found("Nothing is there."))
        }
    }
}

#[derive(Clone, Serialize, JsonSchema)]
struct Item<T> {
    id: T,
}

trait Known {
    fn known() -> Self;
}

macro_rules! text_table {
    ($($name:ident: $type:ty = $text:literal,)*) => {
        mod as_text {
            use super::*;

            $(impl Known for $type {
                fn known() -> Self {
                    $text.parse().unwrap()
                }
            })*

            $(#[tokio::test]
            async fn $name() {
                let app = || App::new().resource("/named", Named::<$type>(PhantomData));
                conformance(app()).await;
                conformance(app()).seed(1).cases(64).await;
            })*
        }
    };
}

text_table! {
    unsigned: u32 = "7",
    non_zero: std::num::NonZeroU8 = "7",
    signed_non_zero: std::num::NonZeroI32 = "-7",
    double: f64 = "7.5",
    ip_address: std::net::IpAddr = "127.0.0.1",
    ipv6_address: std::net::Ipv6Addr = "::1",
    decimal: rust_decimal::Decimal = "7.50",
    uuid: uuid::Uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8",
    version: semver::Version = "1.2.3-rc.1",
    chrono_date: chrono::NaiveDate = "2024-02-29",
    jiff_date: jiff::civil::Date = "2024-02-29",
    jiff_timestamp: jiff::Timestamp = "2024-02-29T12:00:00Z",
}
