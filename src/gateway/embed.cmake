# imece_embed(OUTPUT FILES...): a .cc with the files' bytes, found by embedded_file(name).
function(imece_embed output)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -D "OUTPUT=${output}" -D "FILES=${ARGN}"
            -P "${CMAKE_CURRENT_SOURCE_DIR}/embed_files.cmake"
    DEPENDS ${ARGN} "${CMAKE_CURRENT_SOURCE_DIR}/embed_files.cmake" VERBATIM)
endfunction()

# imece_contract_set(OUTPUT): all contracts with their comments, which the generated code leaves out.
function(imece_contract_set output)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/proto/imece/*.proto")
  find_program(PROTOC protoc REQUIRED)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${PROTOC}" -I "${CMAKE_SOURCE_DIR}/proto" -I /usr/share/gocode/src/github.com/gogo/googleapis
            --include_source_info "--descriptor_set_out=${output}" ${protos}
    DEPENDS ${protos} VERBATIM)
endfunction()
