//! TLS toward upstreams.
//!
//! Making the configuration costs start-up next to nothing (50 µs): reading and parsing the platform's root certificates
//! (some 150, 5 to 25 ms) waits until the first upstream certificate is to be checked, and is then done once for all
//! workers. The operator's own file is read at once, so that a mistake in it shows at start.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Why TLS toward upstreams can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read root certificates from {}; `sluice.upstream.ca_file` must be a readable PEM file", file.display())]
    Unreadable {
        file: PathBuf,
        #[source]
        source: pem::Error,
    },
    #[error("{} holds no certificate; `sluice.upstream.ca_file` needs `BEGIN CERTIFICATE` blocks", file.display())]
    NoCertificate { file: PathBuf },
    #[error("{} holds a certificate that is none; export it again as PEM", file.display())]
    BadCertificate {
        file: PathBuf,
        #[source]
        source: rustls::Error,
    },
    #[error("TLS cannot be set up")]
    Setup(#[from] rustls::Error),
}

/// How upstreams are spoken to over TLS: their certificates must be signed by an authority that this platform trusts
/// (`SSL_CERT_FILE` and `SSL_CERT_DIR` are heeded; Mozilla's list where the platform has none), or by one in `ca_file`.
/// HTTP/2 is preferred to HTTP/1.1; sessions are resumed.
///
/// # Errors
///
/// [`TlsError`] when `ca_file` can't be used.
pub fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let extra = ca_file.map(read_roots).transpose()?.unwrap_or_default();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(LazyVerifier {
            provider,
            extra,
            verifier: OnceLock::new(),
        }))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read_roots(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Unreadable {
        file: file.to_owned(),
        source,
    };
    let found: Vec<_> = CertificateDer::pem_file_iter(file)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if found.is_empty() {
        return Err(TlsError::NoCertificate { file: file.to_owned() });
    }
    let mut probe = RootCertStore::empty();
    for certificate in &found {
        let added = probe.add(certificate.clone());
        added.map_err(|source| TlsError::BadCertificate {
            file: file.to_owned(),
            source,
        })?;
    }
    Ok(found)
}

/// rustls' own check of certificates, with its roots gathered at first use.
#[derive(Debug)]
struct LazyVerifier {
    provider: Arc<CryptoProvider>,
    extra: Vec<CertificateDer<'static>>,
    verifier: OnceLock<Result<Arc<WebPkiServerVerifier>, rustls::Error>>,
}

impl LazyVerifier {
    fn verifier(&self) -> Result<&WebPkiServerVerifier, rustls::Error> {
        let made = self.verifier.get_or_init(|| {
            WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()), self.provider.clone())
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))
        });
        made.as_deref().map_err(Clone::clone)
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        // Platforms carry certificates that rustls can't read, and that no one misses.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        roots.add_parsable_certificates(self.extra.iter().cloned());
        roots
    }
}

impl ServerCertVerifier for LazyVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier()?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
