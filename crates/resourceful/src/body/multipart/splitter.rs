//! Splits the bytes of a form into heads and contents (RFC 2046 section 5.1.1).
//!
//! The splitter gets the body as it arrives and buffers only what may become a head or a delimiter. It
//! searches each byte once, however the body is cut; only the start of a delimiter, less than 80 bytes,
//! is searched again.

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memmem::{self, Finder};

/// Maximum size of the preamble and of the head of a part, in bytes.
pub(super) const LIMIT: usize = 16 * 1024;

const EMPTY_LINE: &[u8] = b"\r\n\r\n";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The head of a part. Its first line is the rest of the delimiter line.
    Head(Bytes),
    /// The next bytes of the part.
    Content(Bytes),
    EndOfPart,
    /// The epilogue that follows is ignored.
    EndOfForm,
}

/// The section that is longer than [`LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooLong {
    #[error("the preamble is too long")]
    Preamble,
    #[error("the head of a part is too long")]
    Head,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// In the preamble, after this many bytes.
    Preamble(usize),
    /// After a delimiter, which begins a part or ends the form.
    Delimiter,
    /// In a head; this many bytes of the buffer were searched for its end.
    Head(usize),
    /// At the empty line before the content.
    BeginOfContent,
    Content,
    EndOfContent,
    Epilogue,
}

#[derive(Debug)]
pub(super) struct Splitter {
    delimiter: Finder<'static>,
    buffer: BytesMut,
    state: State,
}

impl Splitter {
    pub(super) fn new(boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}");
        Self {
            delimiter: Finder::new(&delimiter).into_owned(),
            // The first delimiter may be the first line.
            buffer: BytesMut::from("\r\n"),
            state: State::Preamble(0),
        }
    }

    /// Adds bytes that have arrived.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::from(bytes);
        } else {
            self.buffer.extend_from_slice(&bytes);
        }
    }

    /// The next item; `None` if more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Item>, TooLong> {
        loop {
            match self.state {
                State::Preamble(skipped) => {
                    let (before, is_found) = self.take_to_delimiter();
                    let skipped = skipped + before.len();
                    if skipped > LIMIT {
                        return Err(TooLong::Preamble);
                    }
                    if !is_found {
                        self.state = State::Preamble(skipped);
                        return Ok(None);
                    }
                    self.state = State::Delimiter;
                }
                State::Delimiter if self.buffer.len() < 2 => return Ok(None),
                State::Delimiter if self.buffer.starts_with(b"--") => {
                    self.state = State::Epilogue;
                }
                State::Delimiter => self.state = State::Head(0),
                State::Head(searched) => {
                    let from = searched.saturating_sub(EMPTY_LINE.len() - 1);
                    let end = memmem::find(&self.buffer[from..], EMPTY_LINE);
                    match end.map(|end| from + end) {
                        Some(end) if end <= LIMIT => {
                            let head = self.buffer.split_to(end).freeze();
                            // Skips the end of the last line but not the empty line.
                            self.buffer.advance(2);
                            self.state = State::BeginOfContent;
                            return Ok(Some(Item::Head(head)));
                        }
                        // An end at the limit may be incomplete.
                        None if self.buffer.len() < LIMIT + EMPTY_LINE.len() => {
                            self.state = State::Head(self.buffer.len());
                            return Ok(None);
                        }
                        _ => return Err(TooLong::Head),
                    }
                }
                State::BeginOfContent => {
                    // In a part without content, the delimiter may replace the empty line.
                    let (mut before, is_found) = self.take_to_delimiter();
                    if before.is_empty() && !is_found {
                        return Ok(None);
                    }
                    before.advance(before.len().min(2));
                    self.state = State::after_content(is_found);
                    if !before.is_empty() {
                        return Ok(Some(Item::Content(before.freeze())));
                    }
                }
                State::Content => {
                    let (before, is_found) = self.take_to_delimiter();
                    self.state = State::after_content(is_found);
                    if !before.is_empty() {
                        return Ok(Some(Item::Content(before.freeze())));
                    }
                    if !is_found {
                        return Ok(None);
                    }
                }
                State::EndOfContent => {
                    self.state = State::Delimiter;
                    return Ok(Some(Item::EndOfPart));
                }
                State::Epilogue => {
                    self.buffer.clear();
                    return Ok(Some(Item::EndOfForm));
                }
            }
        }
    }

    /// The bytes before the next delimiter, and whether it was found. Removes both from the buffer.
    fn take_to_delimiter(&mut self) -> (BytesMut, bool) {
        let delimiter = self.delimiter.needle();
        if let Some(at) = self.delimiter.find(&self.buffer) {
            let length = delimiter.len();
            let before = self.buffer.split_to(at);
            self.buffer.advance(length);
            return (before, true);
        }
        // CR is only the first byte of a delimiter, so a delimiter can only begin at the last CR.
        let begin = memchr::memrchr(b'\r', &self.buffer);
        let begin = begin.filter(|at| delimiter.starts_with(&self.buffer[*at..]));
        let end = begin.unwrap_or(self.buffer.len());
        (self.buffer.split_to(end), false)
    }
}

impl State {
    fn after_content(is_found: bool) -> Self {
        if is_found {
            Self::EndOfContent
        } else {
            Self::Content
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts and the end: complete, too long, or missing.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Form {
        parts: Vec<Part>,
        end: Option<Result<(), TooLong>>,
    }

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Part {
        head: Vec<u8>,
        content: Vec<u8>,
        is_whole: bool,
    }

    /// Reads all items that have arrived.
    fn read(splitter: &mut Splitter, form: &mut Form) {
        while form.end.is_none() {
            match splitter.next() {
                Ok(None) => return,
                Ok(Some(Item::Head(head))) => form.parts.push(Part {
                    head: head.to_vec(),
                    ..Part::default()
                }),
                Ok(Some(Item::Content(bytes))) => {
                    assert!(!bytes.is_empty());
                    let part = form.parts.last_mut().unwrap();
                    part.content.extend_from_slice(&bytes);
                }
                Ok(Some(Item::EndOfPart)) => form.parts.last_mut().unwrap().is_whole = true,
                Ok(Some(Item::EndOfForm)) => form.end = Some(Ok(())),
                Err(error) => form.end = Some(Err(error)),
            }
        }
    }

    fn split<'b>(chunks: impl IntoIterator<Item = &'b [u8]>) -> Form {
        let mut splitter = Splitter::new("X");
        let mut form = Form::default();
        for chunk in chunks {
            splitter.push(Bytes::copy_from_slice(chunk));
            read(&mut splitter, &mut form);
        }
        form
    }

    /// A slow reference for a whole body.
    fn reference(body: &[u8]) -> Form {
        let mut form = Form::default();
        let body = [b"\r\n", body].concat();
        let find = |rest: &[u8], text: &[u8]| rest.windows(text.len()).position(|at| at == text);
        let Some(begin) = find(&body, b"\r\n--X") else {
            return form;
        };
        let mut rest = &body[begin + 5..];
        while rest.len() >= 2 {
            if rest.starts_with(b"--") {
                form.end = Some(Ok(()));
                break;
            }
            let Some(end) = find(rest, b"\r\n\r\n") else {
                break;
            };
            let head = rest[..end].to_vec();
            rest = &rest[end + 2..];
            let end = find(rest, b"\r\n--X");
            let content = end.map(|end| rest[2.min(end)..end].to_vec());
            form.parts.push(Part {
                head,
                content: content.unwrap_or_default(),
                is_whole: end.is_some(),
            });
            rest = end.map_or(&[], |end| &rest[end + 5..]);
        }
        form
    }

    #[test]
    fn a_form_is_the_same_however_it_is_cut() {
        // Pieces with a meaning in forms.
        const PIECES: [&[u8]; 12] = [
            b"\r\n--X",
            b"\r\n--",
            b"\r\n\r\n",
            b"\r\n",
            b"\r",
            b"\n",
            b"-",
            b"--",
            b"X",
            b"a: b",
            b" ",
            b"--X",
        ];
        let mut random = fastrand::Rng::with_seed(13);
        let mut whole = 0;
        for _ in 0..20_000 {
            let count = random.usize(..24);
            let pieces = (0..count).map(|_| PIECES[random.usize(..PIECES.len())]);
            let mut body = b"--X\r\n".to_vec();
            body.extend(pieces.flatten());
            body.extend_from_slice(b"\r\n--X--");
            let mut form = split([&body[..]]);
            let mut cuts = vec![0, body.len()];
            cuts.extend((0..random.usize(..6)).map(|_| random.usize(..=body.len())));
            cuts.sort_unstable();
            let cut = split(cuts.windows(2).map(|cut| &body[cut[0]..cut[1]]));
            assert_eq!(
                form,
                cut,
                "{:?} at {cuts:?}",
                body.escape_ascii().to_string()
            );
            assert_eq!(
                form,
                split(body.chunks(1)),
                "{:?}",
                body.escape_ascii().to_string()
            );
            whole += form.parts.iter().filter(|part| part.is_whole).count();
            for part in form.parts.iter_mut().filter(|part| !part.is_whole) {
                part.content.clear();
            }
            assert_eq!(
                form,
                reference(&body),
                "{:?}",
                body.escape_ascii().to_string()
            );
        }
        assert!(whole > 10_000, "{whole}");
    }

    #[test]
    fn preamble_and_heads_are_bounded_however_they_are_cut() {
        let cases = [
            (LIMIT - 2, 0, Ok(())),
            (LIMIT - 1, 0, Err(TooLong::Preamble)),
            (0, LIMIT - 2, Ok(())),
            (0, LIMIT - 1, Err(TooLong::Head)),
            (10 * LIMIT, 0, Err(TooLong::Preamble)),
            (0, 10 * LIMIT, Err(TooLong::Head)),
        ];
        for (preamble, head, end) in cases {
            let mut body = vec![b'x'; preamble];
            body.extend_from_slice(if preamble > 0 {
                b"\r\n--X\r\n"
            } else {
                b"--X\r\n"
            });
            body.resize(body.len() + head, b'x');
            body.extend_from_slice(b"\r\n\r\n\r\n--X--");
            for size in [1, 3, 1000, body.len()] {
                let form = split(body.chunks(size));
                assert_eq!(form.end, Some(end), "{preamble} {head} by {size}");
            }
        }
        // Also without an end.
        for begin in ["", "--X\r\n"] {
            let endless = [begin.as_bytes(), &vec![b'x'; LIMIT + 2]].concat();
            assert!(split(endless.chunks(1)).end.is_some_and(|end| end.is_err()));
        }
    }
}
