//! Paging styles and the [`Page`] that they make.

mod limit_offset;
mod next_page;
mod page;
mod page_number;
mod style;

use serde::Serialize;

use crate::error::Result;
use crate::error::field_error::FieldError;
use crate::input::query::{Query, QueryString};

pub use self::limit_offset::LimitOffset;
pub use self::next_page::NextPage;
pub use self::page::Page;
pub use self::page_number::PageNumber;
pub use self::style::{check_limits, limit_parameter, read_limit};

/// No paging: for small collections, of which the response has all items.
///
/// # Examples
/// ```
/// use resourceful::Unpaged;
/// assert_eq!(Unpaged.of(vec!["a", "b"]).items(), ["a", "b"]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unpaged;

impl Unpaged {
    /// A page with all items.
    #[must_use]
    pub fn of<T>(self, items: Vec<T>) -> Page<T> {
        Page::all(items)
    }
}

impl Query for Unpaged {
    fn read(_: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<PageNumber, Vec<FieldError>> {
        PageNumber::read(&QueryString::new(query).unwrap())
    }

    #[test]
    fn absent_parameters_are_the_defaults() {
        assert_eq!(read(""), Ok(PageNumber::FIRST));
        assert_eq!(read("page=2&limit=100").unwrap().offset(), 100);
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        for invalid in [
            "0",
            "-1",
            "+1",
            "1.0",
            "x",
            "",
            "%201",
            "٣",
            "99999999999999999999",
        ] {
            let errors = read(&format!("page={invalid}&limit={invalid}")).unwrap_err();
            let names: Vec<_> = errors.iter().map(FieldError::location).collect();
            assert_eq!(names, ["page", "limit"], "{invalid}");
        }
        assert_eq!(
            read("limit=101").unwrap_err()[0].detail(),
            "must be at most 100"
        );
    }

    #[test]
    fn the_largest_page_does_not_overflow() {
        let last = PageNumber::<10, 100>::LAST;
        let page = read(&format!("page={last}&limit=100")).unwrap();
        assert!(i64::try_from(page.offset() + page.limit()).is_ok());
        assert!(read(&format!("page={}", last + 1)).is_err());
        assert_eq!(page.of(Vec::<()>::new(), 3), page.of(vec![], 3));
    }

    #[test]
    fn a_written_page_can_be_read() {
        for page in [
            PageNumber::<2>::at(2, 2).slice(&[1, 2, 3, 4, 5]),
            LimitOffset::<2>::at(4, 2).slice(&[1, 2, 3, 4, 5]),
            Page::all(vec![1, 2, 3]),
        ] {
            let json = serde_json::to_string(&page.with_key("ids")).unwrap();
            let mut json = serde_json::Deserializer::from_str(&json);
            assert_eq!(Page::from_key("ids", &mut json).unwrap(), page);
        }
    }

    #[test]
    fn an_error_names_what_a_page_lacks() {
        let read = |json: &str| {
            let mut json = serde_json::Deserializer::from_str(json);
            let result = Page::<i64>::from_key("ids", &mut json);
            result.unwrap_err().to_string()
        };
        assert!(read("{\"tags\": [1]}").starts_with("missing member `ids`"));
        assert!(read("[1]").contains("expected an object with the member `ids`"));
        assert!(read("{\"ids\": [1], \"pagination\": 7}").contains("Pagination"));
    }

    #[test]
    fn a_requested_page_is_read_unchanged() {
        for (number, limit) in [(1, 10), (2, 50), (0, 0), (u64::MAX, u64::MAX)] {
            let page = PageNumber::at(number, limit);
            let requested = format!("page={}&limit={}", page.number(), page.limit());
            assert_eq!(read(&requested), Ok(page));
            let page = LimitOffset::<10, 100>::at(number, limit);
            let requested = format!("limit={}&offset={}", page.limit(), page.offset());
            let requested = QueryString::new(&requested).unwrap();
            assert_eq!(LimitOffset::read(&requested), Ok(page));
        }
    }
}
