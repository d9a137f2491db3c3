//! Tokens that we sign ourselves, to be given others for them (RFC 7519, RS256 of RFC 7518 §3.3).

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A private RSA key.
pub struct Signer(RsaKeyPair);

impl Signer {
    /// From PEM, in PKCS #8 (`BEGIN PRIVATE KEY`) or PKCS #1 (`BEGIN RSA PRIVATE KEY`).
    ///
    /// # Errors
    /// A sentence without the key.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let read = |label: &str| section(pem, label);
        let pair = if let Some(der) = read("PRIVATE KEY") {
            RsaKeyPair::from_pkcs8(&der)
        } else if let Some(der) = read("RSA PRIVATE KEY") {
            RsaKeyPair::from_der(&der)
        } else if pem.contains("ENCRYPTED") {
            return Err("the private key is encrypted; give it without a password".into());
        } else {
            return Err("it holds no private key in PEM".into());
        };
        pair.map(Self)
            .map_err(|error| format!("the private key cannot be used: {error}"))
    }

    /// SHA-256 of the public key as X.509's SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), in Base64.
    #[must_use]
    pub fn public_fingerprint(&self) -> String {
        /// The algorithm `rsaEncryption` without parameters (RFC 8017 §A.1).
        const RSA: [u8; 15] = [
            0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
        ];
        // A bit string begins with the number of its unused bits.
        let key = [&[0], self.0.public_key().as_ref()].concat();
        let info = der(0x30, &[&RSA[..], &der(0x03, &key)].concat());
        BASE64_STANDARD.encode(Sha256::digest(info))
    }

    /// A signed token.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn sign(&self, header: &Value, claims: &Value) -> Result<String, String> {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| "the token cannot be signed".to_owned())?;
        Ok(format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A value of ASN.1 with its tag and its length (X.690 §8.1).
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut out = vec![tag];
    match digits {
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | long.len() as u8);
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}

/// The bytes of the first section of this label.
pub fn section(pem: &str, label: &str) -> Option<Vec<u8>> {
    let text = super::http::between(
        pem,
        &format!("-----BEGIN {label}-----"),
        &format!("-----END {label}-----"),
    )?;
    let letters: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    BASE64_STANDARD.decode(letters).ok()
}
