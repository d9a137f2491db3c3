//! Percent-encoding of paths and queries (RFC 3986 §2.1).

/// Appends `text`, percent-encoded except for RFC 3986's unreserved characters and those in `kept`, such as `b"/"` if
/// `text` has several path segments.
pub fn push_encoded(path: &mut String, text: &str, kept: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        let is_unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if is_unreserved || (byte.is_ascii() && kept.contains(&byte)) {
            path.push(char::from(byte));
        } else {
            path.push('%');
            path.push(char::from(HEX[usize::from(byte >> 4)]));
            path.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}
