export const caption = (name) => `Note ${name}`;
