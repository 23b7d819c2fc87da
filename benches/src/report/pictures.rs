//! Pictures.
use crate::Result;
pub(crate) fn draw() -> Result<()> {
    Ok(())
}
