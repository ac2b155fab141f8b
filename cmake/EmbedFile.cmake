# cmake -DINPUT=file -DOUTPUT=file.cc -DNAMESPACE=a::b -DNAME=kThing -P EmbedFile.cmake: the bytes of a file as an array.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(SIZE ${INPUT} size)
file(WRITE ${OUTPUT} "namespace ${NAMESPACE} {\nextern const unsigned char ${NAME}[];\nextern const unsigned ${NAME}Size;\nconst unsigned char ${NAME}[] = {${bytes}};\nconst unsigned ${NAME}Size = ${size};\n}  // namespace ${NAMESPACE}\n")
