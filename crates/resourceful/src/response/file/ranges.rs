//! Reads `Range` (RFC 9110 section 14).

use std::num::NonZeroUsize;
use std::ops::Range;

use http::header::{HeaderMap, RANGE};
use http_range_header::{RangeUnsatisfiableError, parse_range_header_with_max_ranges};

/// The most ranges of one request. A request for more gets the whole file.
const MAX_RANGES: NonZeroUsize = NonZeroUsize::new(32).expect("32 is not zero");

/// The part of a file that a request selects.
#[derive(Debug, PartialEq)]
pub(super) enum Selection {
    Whole,
    /// One range.
    One(Range<u64>),
    /// Two ranges or more, in the order of the request.
    Several(Vec<Range<u64>>),
    /// No range overlaps the file.
    Unsatisfiable,
}

/// The part of a file of `length` bytes that `Range` selects.
///
/// A field that is malformed, has another unit, or has more than 32 ranges or more than two that overlap
/// is ignored, as section 14.2 allows: then the client gets the whole file, which costs no more than a
/// request without the field.
pub(super) fn selection(headers: &HeaderMap, length: u64) -> Selection {
    let mut fields = headers.get_all(RANGE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return Selection::Whole;
    };
    let Ok(field) = field.to_str() else {
        return Selection::Whole;
    };
    let parsed = parse_range_header_with_max_ranges(field, MAX_RANGES);
    let ranges = match parsed.and_then(|ranges| ranges.validate(length)) {
        Ok(ranges) => ranges,
        Err(RangeUnsatisfiableError::Unsatisfiable) => return Selection::Unsatisfiable,
        Err(_) => return Selection::Whole,
    };
    let mut ranges: Vec<_> = ranges
        .into_iter()
        .map(|range| *range.start()..range.end() + 1)
        .collect();
    match ranges.len() {
        // The last bytes of an empty file.
        0 => Selection::Whole,
        1 => Selection::One(ranges.remove(0)),
        _ => Selection::Several(ranges),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(range: &str, length: u64) -> Selection {
        let headers = HeaderMap::from_iter([(RANGE, range.parse().unwrap())]);
        selection(&headers, length)
    }

    /// RFC 9110 section 14.1.2, for 10,000 bytes.
    #[test]
    fn one_range() {
        for (range, expected) in [
            ("bytes=0-499", 0..500),
            ("bytes=500-999", 500..1000),
            ("bytes=-500", 9500..10_000),
            ("bytes=9500-", 9500..10_000),
            ("bytes=0-0", 0..1),
            ("bytes=-1", 9999..10_000),
            ("bytes=9999-9999", 9999..10_000),
            ("bytes=0-", 0..10_000),
            ("bytes=0-99999999999999999999999", 0..10_000),
            ("bytes=-20000", 0..10_000),
            ("bytes=-99999999999999999999999", 0..10_000),
            ("Bytes=0-1", 0..2),
            ("bytes=007-008", 7..9),
            // Those that do not overlap the file are left out.
            ("bytes=20000-30000, 0-1", 0..2),
            ("bytes=,0-1 ,", 0..2),
        ] {
            assert_eq!(select(range, 10_000), Selection::One(expected), "{range}");
        }
    }

    #[test]
    fn several_ranges() {
        for (range, expected) in [
            ("bytes=0-0,-1", vec![0..1, 9999..10_000]),
            ("bytes=500-600,601-999", vec![500..601, 601..1000]),
            ("bytes=500-700,601-999", vec![500..701, 601..1000]),
            // Section 14.2: a client may need the end first.
            ("bytes=9000-9001, 0-1 , 5-5", vec![9000..9002, 0..2, 5..6]),
        ] {
            assert_eq!(
                select(range, 10_000),
                Selection::Several(expected),
                "{range}"
            );
        }
    }

    #[test]
    fn unsatisfiable_ranges() {
        for (range, length) in [
            ("bytes=10000-", 10_000),
            ("bytes=10000-10001,20000-", 10_000),
            ("bytes=-0", 10_000),
            ("bytes=99999999999999999999999-", 10_000),
            ("bytes=0-", 0),
            ("bytes=0-0", 0),
        ] {
            assert_eq!(select(range, length), Selection::Unsatisfiable, "{range}");
        }
    }

    #[test]
    fn ignored_ranges() {
        let many = format!("bytes={}", "0-0,".repeat(1000));
        let overlapping = "bytes=0-,0-,0-";
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=0",
            "bytes=2-1",
            "bytes=0-1-2",
            "bytes=+1-2",
            "bytes=0x1-2",
            "bytes =0-1",
            "items=0-1",
            "bytes=0-1;2-3",
            "bytes=0-1, x",
            "bytes=5-4,0-1",
            "bytes=--1",
            "bytes=1 - 2",
            &many,
            overlapping,
        ] {
            assert_eq!(select(range, 10_000), Selection::Whole, "{range}");
        }
        assert_eq!(select("bytes=-1", 0), Selection::Whole);
        assert_eq!(selection(&HeaderMap::new(), 1), Selection::Whole);
        let mut two = HeaderMap::new();
        two.append(RANGE, "bytes=0-1".parse().unwrap());
        two.append(RANGE, "bytes=2-3".parse().unwrap());
        assert_eq!(selection(&two, 10), Selection::Whole);
    }
}
