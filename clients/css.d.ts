/** The bundler takes a style sheet that is imported along with the module that needs it. */
declare module '*.css';
