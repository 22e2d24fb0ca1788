/** The providers of `/api/user-api-keys/{provider}` by name. */
export const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  gemini: 'Google Gemini',
  openai: 'OpenAI',
  anthropic: 'Anthropic',
}
