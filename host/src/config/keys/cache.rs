//! `cache_params`: where answers are cached.

use super::{AMOUNT, ANY, BOOL, COUNT, Key, LIST, SECRET, SHARE, Section, Shape, TEXT, TEXTS, Unknown, later};

pub static SECTION: Section = Section {
    name: "cache_params",
    keys: &[KEYS],
    required: &[],
    unknown: Unknown::Warned,
};

const KINDS: &[&str] = &[
    "local",
    "redis",
    "redis-semantic",
    "valkey-semantic",
    "s3",
    "gcs",
    "azure-blob",
    "qdrant-semantic",
    "disk",
];

const PART: &str = "cache";

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
    later(PART, "type", Shape::Word(KINDS), "Kind of cache; default `local`."),
    later(PART, "mode", Shape::Word(&["default_on", "default_off"]), "Whether requests must ask for it; default `default_on`."),
    later(PART, "host", TEXT, "Redis host; default `REDIS_HOST`."),
    later(PART, "port", Shape::Integer(1, 65_535), "Redis port; default `REDIS_PORT`."),
    later(PART, "password", SECRET, "Redis password; default `REDIS_PASSWORD`."),
    later(PART, "username", TEXT, "Redis user."),
    later(PART, "url", SECRET, "Redis URL; default `REDIS_URL`."),
    later(PART, "db", COUNT, "Redis database number."),
    later(PART, "ssl", BOOL, "Speaks TLS to Redis."),
    later(PART, "ssl_*", ANY, "Certificates for Redis."),
    later(PART, "namespace", TEXT, "Prefix of keys."),
    later(PART, "ttl", SHARE, "Seconds an answer is kept."),
    later(PART, "default_in_memory_ttl", SHARE, "Seconds an answer is kept in memory."),
    later(PART, "default_in_redis_ttl", SHARE, "Seconds an answer is kept in Redis."),
    later(PART, "supported_call_types", TEXTS, "Operations whose answers are cached."),
    later(PART, "max_messages", COUNT, "Longest conversation that is cached, messages."),
    later(PART, "similarity_threshold", SHARE, "Least similarity of a semantic hit, 0 to 1."),
    later(PART, "redis_semantic_cache_embedding_model", TEXT, "Model that embeds prompts; default `text-embedding-ada-002`."),
    later(PART, "qdrant_semantic_cache_embedding_model", TEXT, "Model that embeds prompts."),
    later(PART, "valkey_semantic_cache_embedding_model", TEXT, "Model that embeds prompts."),
    later(PART, "semantic_cache_scope", Shape::Word(&["key", "end_user"]), "Who shares semantic hits."),
    later(PART, "semantic_cache_embedding_timeout", SHARE, "Seconds to embed a prompt."),
    later(PART, "*_index_name", TEXT, "Index of a semantic cache."),
    later(PART, "qdrant_api_base", TEXT, "Qdrant's address."),
    later(PART, "qdrant_api_key", SECRET, "Qdrant's key."),
    later(PART, "qdrant_collection_name", TEXT, "Qdrant's collection."),
    later(PART, "qdrant_quantization_config", ANY, "Qdrant's quantization."),
    later(PART, "qdrant_*", ANY, "Qdrant's settings."),
    later(PART, "vector_size", AMOUNT, "Length of embeddings."),
    later(PART, "redis_startup_nodes", LIST, "Nodes of a Redis cluster."),
    later(PART, "service_name", TEXT, "Name of a Redis Sentinel service."),
    later(PART, "sentinel_nodes", LIST, "Nodes of Redis Sentinel."),
    later(PART, "sentinel_password", SECRET, "Password of Redis Sentinel."),
    later(PART, "redis_flush_size", COUNT, "Answers written at once."),
    later(PART, "gcp_service_account", TEXT, "Google account that signs in to Redis."),
    later(PART, "s3_*", ANY, "Bucket and credentials in S3."),
    later(PART, "gcs_*", ANY, "Bucket and credentials at Google."),
    later(PART, "azure_*", ANY, "Container and credentials at Azure."),
    later(PART, "disk_cache_dir", TEXT, "Folder of a cache on disk."),
];
