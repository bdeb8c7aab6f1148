//! An IP address as text, for what is written with each request.

use std::net::{IpAddr, Ipv4Addr};

/// An address as text, without brackets. IPv4 costs no memory and no formatting.
#[derive(Debug, Clone)]
pub struct AddressText(Text);

#[derive(Debug, Clone)]
enum Text {
    V4 { bytes: [u8; 15], length: usize },
    V6(String),
}

impl AddressText {
    /// The text of `address`.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => v4(address),
            IpAddr::V6(address) => Text::V6(address.to_string()),
        })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The bytes of the text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::V4 { bytes, length } => bytes.get(..*length).unwrap_or_default(),
            Text::V6(text) => text.as_bytes(),
        }
    }
}

fn v4(address: Ipv4Addr) -> Text {
    let mut bytes = [0; 15];
    let mut length = 0;
    let mut put = |byte| {
        if let Some(slot) = bytes.get_mut(length) {
            *slot = byte;
            length += 1;
        }
    };
    for (at, octet) in address.octets().into_iter().enumerate() {
        if at > 0 {
            put(b'.');
        }
        if octet >= 100 {
            put(b'0' + octet / 100);
        }
        if octet >= 10 {
            put(b'0' + octet / 10 % 10);
        }
        put(b'0' + octet % 10);
    }
    Text::V4 { bytes, length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_the_standard_library_does() {
        for octet in 0..=255 {
            let address = IpAddr::from([octet, 0, octet, 255]);
            assert_eq!(AddressText::of(address).as_str(), address.to_string());
        }
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(AddressText::of(address).as_str(), "2001:db8::1");
    }
}
