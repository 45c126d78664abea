/** A Terraform expression in the JSON, where cdktf has no class for what it names. */
export const expression = (text: string): string => `\${${text}}`;
